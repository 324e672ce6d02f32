// Only browsers without modules run this, so it is written in their language.
(function () {
  var place = document.getElementById('old-browser') || document.body;
  function tell() {
    var note = document.createElement('p');
    note.className = 'notice bad';
    note.appendChild(document.createTextNode('当前浏览器版本过旧，无法使用本系统。请使用以下浏览器以保证系统功能可以正常运行：谷歌 (Chrome)、火狐 (FireFox)、微软 (Edge) 近三年的版本。This browser is too old; please use a current Chrome, Firefox or Edge.'));
    (document.getElementById('old-browser') || place).appendChild(note);
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', tell); else tell();
})();
