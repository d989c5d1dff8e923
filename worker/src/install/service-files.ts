import { batchCommandLine } from './batch.ts'

export type ServiceManager = 'systemd' | 'launchd' | 'windows'

export interface ServiceOptions {
  /** The command line that starts the worker. */
  argv: readonly string[]
  user: string
  home: string
}

export interface ServiceFile {
  /** Where it belongs. */
  path: string
  text: string
  /** What to run to make it work. */
  steps: readonly string[]
}

/** The file that makes a machine start its worker by itself, for its kind of service manager. */
export function serviceFile(manager: ServiceManager, options: ServiceOptions): ServiceFile {
  return makers[manager](options)
}

/** Ends a worker so that the service manager starts it again, when the farm asks for a restart. */
export const restartExitCode = 47

const makers: Readonly<Record<ServiceManager, (options: ServiceOptions) => ServiceFile>> = {
  systemd: ({ argv, user, home }) => ({
    path: '/etc/systemd/system/shaman-farm-worker.service',
    text: `[Unit]
Description=Shaman Farm worker
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target

[Service]
Type=simple
User=${user}
ExecStart=${argv.map(systemdQuote).join(' ')}
WorkingDirectory=-${systemdPath(home)}
Restart=on-failure
RestartForceExitStatus=${restartExitCode}
RestartSec=5
KillMode=mixed
TimeoutStopSec=30
Nice=5
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
`,
    steps: [
      'sudo systemctl daemon-reload',
      'sudo systemctl enable --now shaman-farm-worker',
      'journalctl -u shaman-farm-worker -f',
    ],
  }),
  launchd: ({ argv, home }) => ({
    path: '~/Library/LaunchAgents/org.shaman-farm.worker.plist',
    text: `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>org.shaman-farm.worker</string>
  <key>ProgramArguments</key>
  <array>
${argv.map((argument) => `    <string>${xml(argument)}</string>`).join('\n')}
  </array>
  <key>WorkingDirectory</key>
  <string>${xml(home)}</string>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>StandardOutPath</key>
  <string>${xml(home)}/worker.log</string>
  <key>StandardErrorPath</key>
  <string>${xml(home)}/worker.log</string>
</dict>
</plist>
`,
    steps: [
      'launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/org.shaman-farm.worker.plist',
      'launchctl print gui/$(id -u)/org.shaman-farm.worker',
    ],
  }),
  windows: ({ argv, home }) => ({
    path: 'shaman-farm-worker.cmd',
    text: [
      '@echo off',
      // The file is UTF-8, which cmd reads only when it is told.
      'chcp 65001 >nul',
      `cd /d "${home.replaceAll('%', '%%')}"`,
      ':again',
      batchCommandLine(argv),
      `if %errorlevel% equ ${restartExitCode} goto again`,
      '',
    ].join('\r\n'),
    steps: [
      'schtasks /create /tn "Shaman Farm worker" /sc onlogon /rl limited /tr "\\"%CD%\\shaman-farm-worker.cmd\\""',
      'schtasks /run /tn "Shaman Farm worker"',
    ],
  }),
}

function systemdQuote(argument: string): string {
  const escaped = argument.replaceAll('%', '%%').replaceAll('$', '$$$$')
  if (/^[\w@%+=:,./$-]+$/.test(escaped)) return escaped
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function systemdPath(path: string): string {
  return path.replaceAll('%', '%%')
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
