/** `2019-10-23 16:19:09` as the browser's field for moments writes it, and back. */
export const toField = (value) => value.trim().replace(' ', 'T');

export function fromField(value) {
  const text = value.replace('T', ' ');
  return /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$/.test(text) ? `${text}:00` : text;
}

export const isMoment = (value) => /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?$/.test(value.trim());
