#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page of `twinwalk report` in a browser: test-page.py TWINWALK CORPUS.
Loads it from a file in headless Chromium, with no network, and holds what is
seen against what must be: no errors, sorting, filtering, charts and heat map,
both themes, a phone's width.  Exit code 77 where there is no Chromium."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

twinwalk, corpus = sys.argv[1:3]
here = os.path.dirname(os.path.abspath(__file__))
browser = shutil.which('chromium') or shutil.which('chromium-browser')
failures = 0


def check(name, holds, what=''):
    global failures
    print('ok' if holds else 'FAILED', '-', name, '' if holds else what)
    failures += not holds


class Page:
    """A tab, over the pipe of the DevTools protocol."""

    def __init__(self, folder):
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()
        command = ('exec "$0" "$@" 3<&%d 4>&%d' % (to_read, to_write))
        self.process = subprocess.Popen(
            ['sh', '-c', command, browser, '--headless', '--no-sandbox',
             '--disable-gpu', '--disable-quic', '--no-first-run',
             '--disable-background-networking', '--disable-component-update',
             '--disable-sync', '--user-data-dir=' + folder,
             '--remote-debugging-pipe', 'about:blank'],
            pass_fds=[to_read, to_write], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.buffer, self.events = 0, b'', []
        self.session = None
        target = self.call('Target.createTarget', url='about:blank')
        self.session = self.call('Target.attachToTarget', flatten=True,
                                 targetId=target['targetId'])['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def receive(self):
        while b'\0' not in self.buffer:
            data = os.read(self.read, 1 << 20)
            if not data:
                sys.exit('FAILED - the browser ended')
            self.buffer += data
        message, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': params}
        if self.session:
            message['sessionId'] = self.session
        os.write(self.write, json.dumps(message).encode() + b'\0')
        while True:
            answer = self.receive()
            if answer.get('id') == self.number:
                if 'error' in answer:
                    sys.exit('FAILED - %s: %s' % (method, answer['error']))
                return answer['result']
            self.events.append(answer)

    def load(self, url):
        self.call('Page.navigate', url=url)
        while not any(e.get('method') == 'Page.loadEventFired'
                      for e in self.events):
            self.events.append(self.receive())

    def eval(self, expression):
        result = self.call('Runtime.evaluate', expression=expression,
                           returnByValue=True)
        if 'exceptionDetails' in result:
            sys.exit('FAILED - %s: %s' % (expression, result))
        return result['result'].get('value')

    def close(self):
        self.call('Browser.close')
        self.process.wait()


# Counts of cards that are seen, in their order.
SEEN = '''Array.from(document.querySelectorAll('article.finding'))
    .filter(a => a.getBoundingClientRect().height > 0)'''
SET = '''(function () {
    const e = document.getElementById('%s');
    e.value = '%s';
    e.dispatchEvent(new Event('input', {bubbles: true}));
}())'''


def look(page, url):
    page.load(url)
    bad = [e for e in page.events if e.get('method') in (
        'Runtime.exceptionThrown', 'Log.entryAdded',
        'Runtime.consoleAPICalled')]
    check('no errors', not bad, bad)
    asked = [e['params']['request']['url'] for e in page.events
             if e.get('method') == 'Network.requestWillBeSent']
    check('nothing else is loaded', asked == [url], asked)
    check('no markup came from texts', page.eval(
        "!window.pwned && !document.querySelector('x-evil, img, iframe')"
        " && document.scripts.length === 1"
        " && !Array.from(document.querySelectorAll('*')).some(e =>"
        " e.getAttributeNames().some(n => n.startsWith('on')))"))
    check('the policy forbids scripts', page.eval('''(function () {
        const s = document.createElement('script');
        s.textContent = 'window.pwned = 1';
        document.body.append(s);
        s.remove();
        return !window.pwned;
    }())'''))

    count = page.eval(SEEN + '.length')
    check('cards are seen', count == 8, count)
    check('controls are', page.eval(
        "document.getElementById('controls').offsetHeight > 0"))
    page.eval(SET % ('sort', 'count'))
    counts = page.eval(SEEN + '.map(a => Number(a.dataset.count))')
    check('sorted by times met',
          counts == sorted(counts, reverse=True) and counts[0] == 40, counts)
    page.eval(SET % ('sort', 'title'))
    titles = page.eval(
        SEEN + ".map(a => a.querySelector('.title').textContent)")
    check('sorted by title', titles == sorted(titles, key=str.lower), titles)
    page.eval(SET % ('sort', 'order'))
    page.eval(SET % ('search', 'LARGE-page'))
    titles = page.eval(
        SEEN + ".map(a => a.querySelector('.title').textContent)")
    check('searched', titles == ['bug large-page-sibling'], titles)
    page.eval(SET % ('search', ''))
    page.eval("document.querySelector('input[value=new]').click()")
    news = page.eval(SEEN + '.map(a => a.dataset.news)')
    check('filtered by news', news == ['returned', 'fixed', 'known'], news)
    page.eval("document.getElementById('security').click()")
    count = page.eval(SEEN + '.length')
    check('filtered by isolation', count == 2, count)
    page.eval("document.getElementById('security').click()")
    page.eval("document.querySelector('input[value=new]').click()")
    check('and all are back', page.eval(SEEN + '.length') == 8)
    check('it says how many', page.eval(
        "document.getElementById('shown').textContent") == '8 of 8 shown')
    page.eval("document.querySelector('#steps th.number').click()")
    check('tables are sorted', page.eval(
        "document.querySelector('#steps tbody th').textContent") == 'fuzz')

    check('charts are drawn', page.eval(
        "Array.from(document.querySelectorAll('#trends > .charts svg'))"
        ".filter(s => s.getBoundingClientRect().width > 200"
        " && s.querySelector('circle').getBoundingClientRect().width > 1"
        " && getComputedStyle(s.querySelector('polyline')).stroke !=='none')"
        ".length") == 6)
    check('heat maps have their colours', page.eval(
        "document.querySelectorAll('table.heat').length === 4"
        " && new Set(Array.from(document.querySelectorAll('table.heat td'))"
        ".map(c => getComputedStyle(c).backgroundColor)).size > 10"))
    page.eval("document.querySelectorAll('details')"
              ".forEach(d => { d.open = true; })")
    check('drawings are drawn, each by its own marks', page.eval(
        "Array.from(document.querySelectorAll('.drawing svg')).length >= 4"
        " && Array.from(document.querySelectorAll('.drawing svg')).every(s =>"
        " s.getBoundingClientRect().width > 200)"
        " && new Set(Array.from(document.querySelectorAll('[id]'), e => e.id))"
        ".size === document.querySelectorAll('[id]').length"))
    check('ways end in arrows', page.eval(
        "Array.from(document.querySelectorAll('[marker-end]')).every(e =>"
        " document.getElementById(e.getAttribute('marker-end')"
        ".slice(5, -1)) !== null)"))

    check('a row for each finding, which leads to its card', page.eval(
        "Array.from(document.querySelectorAll('#findings tbody tr')).length === 8"
        " && Array.from(document.querySelectorAll('#findings tbody a')).every(a =>"
        " document.getElementById(a.getAttribute('href').slice(1)) !== null)"))
    check('each head of a table says what it heads', page.eval(
        "Array.from(document.querySelectorAll('th')).every(h =>"
        " ['row', 'col'].includes(h.scope))"))
    check('nothing is told by hovering alone', page.eval(
        "document.querySelectorAll('[title]').length === 0"
        " && Array.from(document.querySelectorAll('svg:not(.drawing svg) title'))"
        ".length === 0"))

    backs = []
    for theme in ('light', 'dark'):
        page.call('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': theme}])
        backs.append(page.eval(
            'getComputedStyle(document.body).backgroundColor'))
    check('two themes', backs[0] != backs[1], backs)
    for size in 400, 390:
        page.call('Emulation.setDeviceMetricsOverride', width=size, height=844,
                  deviceScaleFactor=1, mobile=True)
        width = page.eval('document.documentElement.scrollWidth')
        check('%d pixels: no scrolling sideways' % size, width == size, width)
    check('no card is cut off', page.eval(
        SEEN + '.every(a => a.getBoundingClientRect().right <= 390)'))


if not browser:
    print('skipped: expected chromium to be installed')
    sys.exit(77)
with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    run = subprocess.run
    run([twinwalk, 'note', '--store', 'a.db', '--begin', 'note'], check=True,
        stdout=subprocess.DEVNULL)
    run([sys.executable, os.path.join(here, 'test-report-store.py'), 'a.db',
         corpus], check=True)
    run([twinwalk, 'run', '--programs', '200', '--coverage', 'situations',
         '--out', 'o'], check=True, capture_output=True)
    with open('steps', 'w') as steps:
        steps.write('build\tok\t30\t\nfuzz\tfailed\t4\t<script>log\n')
    run([twinwalk, 'report', '--store', 'a.db', '--out', 'page', '--coverage',
         'situations', '--steps', 'steps'], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tab = Page(os.path.join(work, 'profile'))
    look(tab, 'file://' + os.path.join(work, 'page', 'index.html'))
    tab.close()
sys.exit(1 if failures else 0)
