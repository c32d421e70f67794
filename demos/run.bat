@echo off
rem Starts a demo on Windows: demos\run.bat [NAME] [ARGUMENTS OF THE DEMO]; without a NAME, the chat.
rem
rem Needs Python 3.11 or newer with tkinter; PYTHON names one. Makes a virtual environment in .cache, unless that
rem Python has the packages already.
setlocal
cd /d "%~dp0.."

set "name=chat"
set "first=%~1"
if "%first%"=="" goto collect
if "%first:~0,1%"=="-" goto collect
set "name=%first%"
shift
:collect
set "rest="
:next
if "%~1"=="" goto known
set rest=%rest% %1
shift
goto next

:known
if exist "demos\%name%.py" goto choose
if exist "demos\%name%\__main__.py" goto choose
echo Unknown demo %name%. The demos are:>&2
for %%f in (demos\*.py) do if not "%%~nf"=="__init__" echo %%~nf>&2
for /d %%d in (demos\*) do if exist "%%d\__main__.py" echo %%~nd>&2
exit /b 2

:choose
if not defined PYTHON set "PYTHON=py"
"%PYTHON%" -c "import sys, tkinter; sys.exit(sys.version_info < (3, 11))"
if errorlevel 1 (
    echo Install Python 3.11 or newer from python.org, with tcl/tk, or name one: set PYTHON=C:\...\python.exe>&2
    exit /b 1
)
"%PYTHON%" -c "import tkws, h11" 2>nul
if not errorlevel 1 goto start
set "venv=.cache\venv\demos-windows"
if exist "%venv%\Scripts\python.exe" goto made
echo making %venv%: by pip, with the packages of [demos] in pyproject.toml; about a minute ...>&2
"%PYTHON%" -m venv "%venv%" || exit /b 1
"%venv%\Scripts\python.exe" -m pip install -qq --disable-pip-version-check --editable ".[demos]" || exit /b 1
:made
set "PYTHON=%venv%\Scripts\python.exe"
:start
"%PYTHON%" -m demos.%name% %rest%
