@node "%~dp0farm.mjs" %*
