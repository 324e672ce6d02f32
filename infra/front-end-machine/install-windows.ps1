# Installs the front-end machine as a Windows service. Run as administrator, after `front-end-machine init` and `test`.
#   powershell -ExecutionPolicy Bypass -File install-windows.ps1
# Begins with a byte order mark: without it Windows PowerShell reads the file in the system's code page.
# Running it again changes nothing; `sc.exe delete FrontEndMachine` removes the service and keeps configuration and data.
$ErrorActionPreference = 'Stop'
$name = 'FrontEndMachine'
$program = Join-Path $env:ProgramFiles 'FrontEndMachine\front-end-machine.exe'
$data = Join-Path $env:ProgramData 'FrontEndMachine'
$config = Join-Path $data 'config.toml'
if (-not (Test-Path $config)) { throw "找不到 $config，请先运行 front-end-machine init" }
New-Item -ItemType Directory -Force (Split-Path $program) | Out-Null
Copy-Item -Force (Join-Path $PSScriptRoot 'front-end-machine.exe') $program
# Records of patients and the credential lie there: administrators and the system only.
# By number: their names are other ones in other languages.
icacls $data /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' | Out-Null
if (-not (Get-Service $name -ErrorAction SilentlyContinue)) {
    New-Service -Name $name -DisplayName '前置机程序（流感监测）' -StartupType Automatic `
        -BinaryPathName "`"$program`" --config `"$config`" service" | Out-Null
}
sc.exe failure $name reset= 86400 actions= restart/5000/restart/30000/restart/60000 | Out-Null
Start-Service $name
Get-Service $name
