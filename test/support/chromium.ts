// Looks at a page as people do: a headless Chromium without any network, led over a pipe by the DevTools protocol.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';

const CHROMIUM = '/usr/bin/chromium';
/** Far longer than a page takes on a busy machine; a browser that hangs is killed, and fails the test. */
const LONGEST_LIFE_MS = 90_000;

/**
 * True where a test may open a browser. Where it may not, the test is marked as skipped with the reason, or failed when
 * `MAILGATE_SERVER_TESTS=required` says that this machine must have all that `.ci/install-servers` installs.
 */
export function requireChromium(t: TestContext): boolean {
  if (existsSync(CHROMIUM)) return true;
  const obstacle = `${CHROMIUM} is missing (run .ci/install-servers)`;
  assert.notEqual(process.env['MAILGATE_SERVER_TESTS'], 'required', `MAILGATE_SERVER_TESTS=required, but ${obstacle}`);
  t.skip(`no browser looked at the page: ${obstacle}`);
  return false;
}

/** Nothing may leave the machine, not even what browsers ask for by themselves; the page's own requests are told besides. */
const ALONE = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--no-default-browser-check'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps'],
  ...['--disable-domain-reliability', '--disable-client-side-phishing-detection', '--disable-extensions', '--no-pings'],
  ...['--disable-dev-shm-usage', '--hide-scrollbars', '--metrics-recording-only', '--disable-breakpad'],
  // Every name is unknown, and every address would be asked through a proxy that is not there.
  ...['--host-resolver-rules=MAP * ~NOTFOUND', '--proxy-server=127.0.0.1:9', '--proxy-bypass-list=<-loopback>'],
];

type Params = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
  readonly sessionId?: string;
}

/** Starts a browser of its own for the test; it and its profile are gone when the test ends. */
export async function openBrowser(t: Pick<TestContext, 'after'>): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'mailgate-chromium-'));
  const child = spawn(CHROMIUM, [...ALONE, `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    detached: true, // a group of its own, so that its helpers can be ended with it
    env: { PATH: '/usr/bin:/bin', HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile, LC_ALL: 'C.UTF-8' },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(end, LONGEST_LIFE_MS);
  t.after(async () => {
    clearTimeout(timer);
    end();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  return new Browser(child);
}

export class Browser {
  readonly #commands: Writable;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (result: Params) => void; readonly reject: (e: Error) => void }
  >();
  readonly #listeners = new Set<(message: Message) => void>();
  #lastId = 0;
  #heard = '';

  constructor(child: ChildProcess) {
    this.#commands = child.stdio[3] as Writable;
    this.#commands.on('error', () => {}); // told by the close below
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    child.once('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the browser has ended'));
    });
  }

  /** Opens a file as a page and waits until it is shown. */
  async open(path: string, look: Look = {}): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, String(sessionId));
    await page.show(pathToFileURL(path).href, look);
    return page;
  }

  async send(method: string, params: Params = {}, sessionId?: string): Promise<Params> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Params>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#commands.write(
      `${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`,
    );
    return answered;
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  #hear(text: string): void {
    const messages = (this.#heard + text).split('\0');
    this.#heard = messages.pop() ?? '';
    for (const each of messages) {
      const message = JSON.parse(each) as Message;
      for (const listener of this.#listeners) listener(message);
      const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
      if (waiting === undefined) continue;
      this.#waiting.delete(message.id ?? 0);
      if (message.error === undefined) waiting.resolve(message.result ?? {});
      else waiting.reject(new Error(message.error.message));
    }
  }
}

export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
  /** False for a reader who has switched JavaScript off. */
  readonly scripts?: boolean;
}

export class Page {
  /** What the console said: errors, warnings, and what the page's policy forbade. */
  readonly complaints: string[] = [];
  /** Every address the page asked for, its own included. */
  readonly requests: string[] = [];
  /** Dialogues that a script opened. */
  readonly dialogues: string[] = [];
  readonly #browser: Browser;
  readonly #sessionId: string;

  constructor(browser: Browser, sessionId: string) {
    this.#browser = browser;
    this.#sessionId = sessionId;
  }

  async show(url: string, { width = 1100, height = 900, scheme = 'light', scripts = true }: Look): Promise<void> {
    const loaded = new Promise<void>((resolve) => {
      this.#browser.listen((message) => {
        if (message.sessionId !== this.#sessionId) return;
        if (message.method === 'Page.loadEventFired') resolve();
        this.#note(message.method ?? '', message.params ?? {});
      });
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.#send(`${domain}.enable`);
    await this.#send('Network.emulateNetworkConditions', {
      offline: true,
      latency: 0,
      downloadThroughput: 0,
      uploadThroughput: 0,
    });
    await this.#send('Emulation.setScriptExecutionDisabled', { value: !scripts });
    await this.#send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.#send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await this.#send('Page.navigate', { url });
    await loaded;
  }

  /** What an expression gives in the page; not bound by its policy, since it comes from the outside. */
  async evaluate<Result>(expression: string): Promise<Result> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return (result as { readonly value: Result }).value;
  }

  /** What assistive technology is told: role and name of everything that has both. */
  async accessibleNames(): Promise<{ readonly role: string; readonly name: string }[]> {
    const { nodes } = await this.#send('Accessibility.getFullAXTree');
    return (nodes as { ignored: boolean; role?: { value: string }; name?: { value: string } }[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: role?.value ?? '', name: name?.value ?? '' }));
  }

  /** For people who want to see what the test saw. */
  async screenshot(path: string): Promise<void> {
    const { data } = await this.#send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true });
    writeFileSync(path, Buffer.from(String(data), 'base64'));
  }

  async #send(method: string, params: Params = {}): Promise<Params> {
    return this.#browser.send(method, params, this.#sessionId);
  }

  #note(method: string, params: Params): void {
    if (method === 'Runtime.consoleAPICalled' || method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      this.complaints.push(JSON.stringify(params));
    if (method === 'Network.requestWillBeSent') this.requests.push((params['request'] as { url: string }).url);
    if (method !== 'Page.javascriptDialogOpening') return;
    this.dialogues.push(String(params['message']));
    void this.#send('Page.handleJavaScriptDialog', { accept: false });
  }
}
