import { ApiError, api } from '../../core/api.js';
import { el } from '../../core/dom.js';
import { inLanguage, language, words } from '../../core/i18n.js';
import { transfers } from '../../core/upload.js';
import { canCheckHere, checkHere } from '../../local-check/check.js';

const text = words({
  too_large: ['文件超过 20M，请拆分后上传。', 'The file is over 20 MB; split it and upload the parts.'],
  wrong_type: ['上传数据文件必须为包含 csv 格式的 zip 文件（或本系统下载的错误修订表）。', 'Choose a ZIP of CSV files, or a correction sheet from this service.'],
  empty_file: ['文件是空的，请重新选择。', 'The file is empty; please choose another.'],
  sent: ['已上传。', 'Uploaded.'],
  checking: ['正在本机检查 {percent}%', 'Checking here: {percent}%'],
  held: ['文件没有上传：服务器也无法读取它。', 'The file was not sent: the server could not read it either. '],
  anyway: ['仍然上传', 'Send it all the same'],
  open: ['查看校验进度和结果', 'Follow the check'],
});

const LIMIT = 20 * 1024 * 1024;
export const ACCEPTED = '.zip,.csv,.xlsx';

/**
 * Looks at an archive before a byte of it leaves: what can't be read at all stays here, with the reason. Answers the digest of what
 * was found, so that the result tells whether the server found the same. Where the check can't be made, the file goes without.
 */
async function examine(account, file, report, signal) {
  if (!canCheckHere() || !/\.zip$/i.test(file.name)) return null;
  let result;
  try {
    const told = (read, size) => report(text('checking', { percent: Math.floor((read / size) * 100) }), read / size);
    result = await checkHere(file, { language: language(), account, report: told, signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    return null;
  }
  if (!result.unreadable || result.total > 0) return result.findings_digest;
  const why = result.causes.map((cause) => `${inLanguage(cause, 'message')}${inLanguage(cause, 'mend') && ` ${inLanguage(cause, 'mend')}`}`);
  throw Object.assign(new ApiError([text('held'), ...why].join(' '), 0), { anyway: text('anyway') });
}

/**
 * Data files of an account on their way. `dryRun()` tells whether they are judged only; `sent(id)` is called for each that has arrived.
 */
export function dataTransfers({ account, dryRun, sent }) {
  return transfers({
    refuse(file) {
      if (!/\.(zip|csv|xlsx)$/i.test(file.name)) return text('wrong_type');
      if (file.size > LIMIT) return text('too_large');
      return file.size === 0 ? text('empty_file') : null;
    },
    announce: (file, sha256, found) => api.post('/uploads', { kind: 'data', file_name: file.name, size: file.size, sha256, dry_run: dryRun(), findings_digest: found ?? undefined }),
    examine: (file, report, signal) => examine(account, file, report, signal),
    async renew(ticket) {
      try {
        return await api.post(`/uploads/${encodeURIComponent(ticket.upload_id)}/url`);
      } catch (error) {
        // Received already: the line broke after the last byte.
        if (error.status === 409) return null;
        throw error;
      }
    },
    done(file, ticket) {
      sent(ticket.upload_id);
      return [text('sent'), ' ', el('a', { href: `/uploads/${encodeURIComponent(ticket.upload_id)}` }, text('open'))];
    },
  });
}
