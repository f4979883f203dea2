// SPDX-License-Identifier: MIT
// Sorts and filters what is there; the page can be read without it.
'use strict';
(function () {
  const list = document.getElementById('list');
  const controls = document.getElementById('controls');
  const cards = Array.from(document.querySelectorAll('article.finding'));

  function filter() {
    const words = document.getElementById('search').value.toLowerCase()
      .split(/\s+/).filter(Boolean);
    const target = document.getElementById('target').value;
    const isolation = document.getElementById('security').checked;
    const news = new Set(Array.from(
      controls.querySelectorAll('input[name=news]:checked'), i => i.value));
    let shown = 0;

    for (const card of cards) {
      const text = card.textContent.toLowerCase();
      const show = news.has(card.dataset.news) &&
        (!target || card.dataset.target === target) &&
        (!isolation || card.dataset.security === '1') &&
        words.every(word => text.includes(word));

      card.hidden = !show;
      document.getElementById(card.id.replace('finding-', 'row-')).hidden = !show;
      shown += show ? 1 : 0;
    }
    document.getElementById('shown').textContent =
      shown + ' of ' + cards.length + ' shown';
  }

  function sort() {
    const by = document.getElementById('sort').value;
    const up = by === 'order' || by === 'lines';
    const title = card => card.querySelector('.title').textContent;

    cards.sort(function (a, b) {
      const order = by === 'title' ? title(a).localeCompare(title(b))
        : (Number(a.dataset[by]) - Number(b.dataset[by])) * (up ? 1 : -1);

      return order || Number(a.dataset.order) - Number(b.dataset.order);
    });
    list.append(...cards);
  }

  function copy(text, button) {
    function done() {
      button.textContent = 'copied';
      setTimeout(function () { button.textContent = 'copy'; }, 1500);
    }
    function by_hand() {
      const area = document.createElement('textarea');

      area.value = text;
      document.body.append(area);
      area.select();
      if (document.execCommand('copy')) {
        done();
      }
      area.remove();
    }
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(done, by_hand);
    } else {
      by_hand();
    }
  }

  function sort_table(table, column, head) {
    const body = table.tBodies[0];
    const down = head.getAttribute('aria-sort') === 'ascending';
    const value = row => row.cells[column].textContent;

    for (const other of table.tHead.rows[0].cells) {
      other.removeAttribute('aria-sort');
    }
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    body.append(...Array.from(body.rows).sort(function (a, b) {
      const order = value(a).localeCompare(value(b), undefined,
                                           {numeric: true});

      return down ? -order : order;
    }));
  }

  if (controls) {
    controls.hidden = false;
    controls.addEventListener('input', function () { sort(); filter(); });
    controls.addEventListener('submit', event => event.preventDefault());
    filter();
  }
  for (const block of document.querySelectorAll('.code')) {
    const button = document.createElement('button');

    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'copy';
    button.addEventListener('click', function () {
      copy(block.querySelector('pre').textContent, button);
    });
    block.append(button);
  }
  for (const table of document.querySelectorAll('table.sortable')) {
    Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
      head.className += ' click';
      head.addEventListener('click', () => sort_table(table, column, head));
    });
  }
}());
