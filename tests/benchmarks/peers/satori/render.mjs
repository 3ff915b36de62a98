// The livestream notice by satori (layout to SVG) and resvg (SVG to PNG), as posters are by Pillow.
// node render.mjs COUNT PHOTO CODE.svg FONT400 FONT700 FONT900 [OUT.png]
import { readFileSync, writeFileSync } from 'node:fs'
import satori from 'satori'
import { Resvg } from '@resvg/resvg-js'

const [count, photoFile, codeFile, light, bold, black, out] = process.argv.slice(2)
const dataUrl = (type, file) => `data:${type};base64,${readFileSync(file).toString('base64')}`
const photo = dataUrl('image/jpeg', photoFile)
const code = dataUrl('image/svg+xml', codeFile)
const fonts = [[400, light], [700, bold], [900, black]].map(([weight, file]) => (
  { name: 'Noto Sans SC', weight, style: 'normal', data: readFileSync(file) }))

const node = (style, children, type = 'div', more = {}) => (
  { type, props: { style: { position: 'absolute', display: 'flex', ...style }, children, ...more } })
const text = (words, left, top, fontSize, fontWeight, color = '#43261c', more = {}) => (
  node({ left, top, fontSize, fontWeight, color, whiteSpace: 'nowrap', ...more }, words))
const spot = (left, top, side, colour) => node({
  left: left - 200, top: top - 200, width: side + 400, height: side + 400,
  backgroundImage: `radial-gradient(circle, ${colour} 20%, transparent 68%)` })
const row = (number, words, top) => [
  node({ left: 72, top, width: 936, height: 60, borderRadius: 30, background: 'rgba(255,255,255,0.72)' }),
  node({ left: 96, top: top + 10, width: 40, height: 40, borderRadius: 20, background: '#2f9e8b',
    color: '#fff', fontSize: 23, fontWeight: 700, alignItems: 'center', justifyContent: 'center' }, String(number)),
  text(words, 150, top + 3, 36, 400)]
const warm = 'linear-gradient(100deg, #ff5f57, #ff8559)'

const poster = (turn) => node({
  position: 'relative', width: 1080, height: 1920, fontFamily: 'Noto Sans SC',
  backgroundImage: 'linear-gradient(200deg, #ffe3d5, #ffefe4, #fff9f2, #fff0e4)' }, [
  spot(720, -80, 520, '#ffc4ae'), spot(-200, 510, 420, '#ffe4a8'), spot(870, 1080, 420, '#bfe9de'),
  text('暖芽妈妈·会员群', 102, 62, 36, 700),
  node({ right: 72, top: 64, padding: '8px 26px', borderRadius: 40, background: '#ff5f57', color: '#fff',
    fontSize: 31, fontWeight: 700, boxShadow: '0 8px 24px rgba(255,95,87,0.3)' }, `${turn} 小时后开播`),
  text(`宝宝冬季护肤${turn}`, 72, 120, 150, 900),
  text('医生直播课', 72, 280, 150, 900, 'transparent', { backgroundImage: warm, backgroundClip: 'text' }),
  text(`干痒、湿疹、口水疹，一次讲透${turn}`, 76, 480, 40, 400, '#8a6656'),
  node({ left: 72, top: 578, width: 936, height: 540, borderRadius: '270px 270px 48px 48px', objectFit: 'cover',
    boxShadow: '0 24px 60px rgba(178,66,61,0.28)' }, undefined, 'img', { src: photo, width: 936, height: 540 }),
  node({ left: 810, top: 470, width: 192, height: 192, borderRadius: 96, flexDirection: 'column', alignItems: 'center',
    justifyContent: 'center', backgroundImage: 'linear-gradient(160deg, #ffdd96, #ffc145)', transform: 'rotate(-12deg)',
    boxShadow: '0 10px 26px rgba(153,116,41,0.35)' }, [
    node({ position: 'relative', fontSize: 30, fontWeight: 700, color: '#43261c' }, '群成员'),
    node({ position: 'relative', fontSize: 62, fontWeight: 900, color: '#db524b' }, '0元')]),
  node({ left: 112, top: 988, width: 480, height: 104, borderRadius: 28, background: 'rgba(255,255,255,0.96)',
    boxShadow: '0 10px 30px rgba(67,38,28,0.18)' }),
  node({ left: 130, top: 1003, width: 74, height: 74, borderRadius: 37, color: '#fff', fontSize: 36, fontWeight: 700,
    alignItems: 'center', justifyContent: 'center', backgroundImage: 'linear-gradient(180deg, #4cac9b, #2f9e8b)' }, '林'),
  text(`林晓 医生${turn}`, 224, 994, 35, 700), text('儿童皮肤科主治医师·临床12年', 224, 1042, 26, 400, '#8a6656'),
  node({ left: 72, top: 1150, width: 936, height: 140, borderRadius: 40, background: '#fff',
    boxShadow: '0 12px 40px rgba(153,57,52,0.1)' }),
  text('11月26日', 118, 1168, 72, 700), text('周四', 450, 1204, 34, 700), text('20:00', 598, 1150, 92, 700, '#ff5f57'),
  text('准时开播', 863, 1220, 27, 400, '#8a6656'),
  ...row(1, '湿疹反复？先看懂这3个信号', 1318), ...row(2, '润肤霜怎么选、怎么涂才有效', 1393),
  ...row(3, '医生在线答疑，每人可提1问', 1468),
  node({ left: 72, top: 1560, width: 936, height: 226, borderRadius: 36, backgroundImage: warm,
    boxShadow: '0 18px 44px rgba(255,95,87,0.3)' }),
  node({ left: 114, top: 1586, padding: '4px 24px', borderRadius: 30, background: 'rgba(255,255,255,0.24)',
    color: '#fff', fontSize: 27 }, '本群专享'),
  text('免费听', 114, 1626, 78, 900, '#fff'), text('¥59', 372, 1664, 36, 400, 'rgba(255,255,255,0.8)',
    { textDecoration: 'line-through' }), text('前200名预约，送面霜试用装', 114, 1726, 29, 400, '#fff'),
  node({ left: 772, top: 1576, width: 194, height: 194, borderRadius: 28, background: '#fff' }),
  node({ left: 796, top: 1600, width: 146, height: 146 }, undefined, 'img', { src: code, width: 146, height: 146 }),
  text('长按识别二维码，一键预约', 384, 1800, 26, 700),
  text('内容仅供健康科普，不能替代面诊；试用装每个ID限领1份，送完即止', 229, 1842, 20, 400, '#b09585')])

const paint = async (turn) => {
  const svg = await satori(poster(turn), { width: 1080, height: 1920, fonts })
  return new Resvg(svg, { font: { loadSystemFonts: false } }).render().asPng()
}

const spent = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1000 }
const began = spent()
let png = await paint(0)
const first = spent() - began
const before = spent()
for (let turn = 1; turn <= Number(count); turn += 1) png = await paint(turn)
if (out) writeFileSync(out, png)
process.stdout.write(JSON.stringify({
  first_ms: first, later_ms: (spent() - before) / Number(count), memory_mb: process.resourceUsage().maxRSS / 1024 }))
