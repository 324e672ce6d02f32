// Chinese first. What every page says stands here; a page's own words stand in its module, both languages side by side.
const common = {
  title: ['流感医疗服务监测系统', 'Influenza Medical Service Surveillance'],
  ministry: ['国家卫生健康委员会医政医管局 · 医院质量监测系统（HQMS）', 'National Health Commission · Hospital Quality Monitoring System (HQMS)'],
  skip: ['跳到主要内容', 'Skip to the content'],
  leave: ['退出登录', 'Sign out'],
  menu: ['菜单', 'Menu'],
  crumbs: ['当前位置', 'Where you are'],
  loading: ['正在加载…', 'Loading…'],
  support: ['获取技术支持', 'Support'],
  support_phone: ['服务电话：', 'Phone: '],
  support_mail: ['服务邮箱：', 'E-mail: '],
  support_hours: ['服务时间：周一至周五 8:30-17:30（节假日除外）', 'Hours: Monday to Friday 8:30–17:30, except public holidays'],
  qq_north: ['流感监测华北地区 QQ 群：903279825', 'QQ group, north: 903279825'],
  qq_east: ['流感监测华东地区 QQ 群：902419751', 'QQ group, east: 902419751'],
  qq_south: ['流感监测华南和华中地区 QQ 群：927464362', 'QQ group, south and centre: 927464362'],
  qq_northeast: ['流感监测东北和西北地区 QQ 群：894736586', 'QQ group, north-east and north-west: 894736586'],
  qq_southwest: ['流感监测西南地区 QQ 群：616841924', 'QQ group, south-west: 616841924'],
  browsers: ['请使用以下浏览器以保证系统功能可以正常运行：谷歌 (Chrome)、火狐 (FireFox)、微软 (Edge) 近三年的版本；IE 浏览器不能使用本系统。', 'Please use Chrome, Firefox or Edge of the last three years; Internet Explorer cannot show these pages.'],
  failed_request: ['请求失败，请稍后重试。', 'The request failed; try again.'],
  offline: ['无法连接服务器，请检查网络后重试。', 'The server cannot be reached; check the network and try again.'],
  signed_out: ['尚未登录或登录已过期，请重新登录。', 'You are not signed in, or the session is over; please sign in again.'],
  refresh: ['刷新', 'Refresh'],
  refreshed: ['列表已刷新', 'The list is up to date'],
  required: ['请填写此项', 'Please fill this in'],
  please_mend: ['请修改以下 {n} 项后再提交：', 'Please mend {n} of the fields first:'],
  cancel: ['取消', 'Cancel'],
  close: ['关闭', 'Close'],
  confirm: ['确定', 'Confirm'],
  delete: ['删除', 'Delete'],
  save: ['保存', 'Save'],
  saved: ['已保存。', 'Saved.'],
  retry: ['重试', 'Try again'],
  back: ['返回', 'Back'],
  more: ['加载更多', 'Show more'],
  blank: ['（空）', '(blank)'],
  choose: ['选择', 'Choose'],
  choose_one: ['请选择', 'Please choose'],
  previous: ['上一页', 'Previous'],
  next: ['下一页', 'Next'],
  page_of: ['共 {total} 条，第 {page} / {pages} 页', '{total} in all, page {page} of {pages}'],
  reading_file: ['正在计算校验值…', 'Computing the checksum…'],
  registering: ['正在登记…', 'Registering…'],
  sending: ['正在上传 {percent}%（{sent} / {size}）', 'Uploading {percent}% ({sent} of {size})'],
  send_failed: ['上传中断，请检查网络后点击“重试”。', 'The upload was interrupted; check the network and try again.'],
  send_refused: ['文件存储拒绝了该文件（{status}），请点击“重试”重新上传。', 'The store refused the file ({status}); please try again.'],
  insecure: ['浏览器只允许在 https 页面中计算文件校验值，请通过 https 地址访问本系统。', 'Browsers compute checksums on https pages only; please open the service by its https address.'],
  unreadable_file: ['无法读取该文件，可能已被移动、删除或被其他程序占用，请重新选择。', 'The file cannot be read; it may have been moved or is in use. Please choose it again.'],
  leave_while_sending: ['文件正在上传，离开本页将中断上传。', 'A file is being uploaded; leaving this page interrupts it.'],
};

const stored = () => { try { return localStorage.getItem('language'); } catch { return null; } };
let english = stored() === 'en';

export const language = () => (english ? 'en' : 'zh');

export function switchLanguage() {
  english = !english;
  try { localStorage.setItem('language', language()); } catch { /* A browser that keeps nothing: the choice lasts as long as the page. */ }
}

/** Fills the {placeholders} of a text; numbers are grouped. */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => (typeof values[name] === 'number' ? values[name].toLocaleString() : values[name] ?? ''));

/** The words of a page, with the common ones behind them: `{ key: [Chinese, English] }`. */
export function words(own = {}) {
  return (key, values = {}) => {
    const pair = own[key] ?? common[key];
    return pair ? fill(pair[english ? 1 : 0], values) : key;
  };
}

/** One of two texts. */
export const either = (zh, en) => (english ? en : zh);

/** `thing.detail_zh` or `thing.detail_en` for `detail`. */
export const inLanguage = (thing, key) => thing?.[`${key}_${language()}`] ?? thing?.[`${key}_zh`] ?? '';

/** A time as people in Beijing read it. */
export function moment(value, style = 'medium') {
  if (!value) return '';
  return new Intl.DateTimeFormat(english ? 'en-GB' : 'zh-CN', { dateStyle: 'medium', timeStyle: style, hour12: false, timeZone: 'Asia/Shanghai' }).format(new Date(value));
}

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1024 * 1024) return `${(n / 1024).toFixed(0)} KB`;
  return `${(n / 1024 / 1024).toFixed(1)} MB`;
}
