using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Lab.Tests.Cli;

/// <summary>How a started program ended.</summary>
internal sealed record LabExit(int Code, string Out, string Error)
{
    /// <summary>As it reads, line breaks and columns forgotten.</summary>
    public string Words => string.Join(' ', Out.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));

    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>The real program as a child process, with its output collected while it runs.</summary>
internal sealed partial class LabProcess : IDisposable
{
    /// <summary>Only so that a program that hangs fails its test; on a busy machine what takes seconds alone takes
    /// minutes.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private const int Interrupt = 2;

    private readonly Process _process;
    private readonly Stopwatch _since = Stopwatch.StartNew();
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    private LabProcess(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        start.Environment["DOTNET_NOLOGO"] = "1";
        // Final code from the start costs a second of compiling; no test looks at how fast what it runs is.
        start.Environment["DOTNET_TieredCompilation"] = "1";
        start.WorkingDirectory = Path.GetTempPath();
        HonourInterrupts();
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, line) => Collect(_out, line.Data);
        _process.ErrorDataReceived += (_, line) => Collect(_error, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The program as the build of <c>Lab.csproj</c> left it.</summary>
    public static string Program => Known("LabProgram");

    /// <summary>The assembly of <c>tests/Plugin</c>.</summary>
    public static string Plugin => Known("PluginAssembly");

    /// <summary>The source tree that the tests were built from.</summary>
    public static string Checkout => Path.GetFullPath(Known("Checkout"));

    public int Id => _process.Id;

    public string Error
    {
        get { lock (_error) return _error.ToString(); }
    }

    public static LabProcess Start(params string[] arguments) => new(new ProcessStartInfo("dotnet", [Program, .. arguments]));

    /// <summary>Runs the program to its end.</summary>
    public static LabExit Run(params string[] arguments)
    {
        using LabProcess lab = Start(arguments);
        return lab.End();
    }

    /// <summary>Runs a shell script in which <c>"$@"</c> is the program with its arguments.</summary>
    public static LabExit RunIn(string script, params string[] arguments)
    {
        using LabProcess lab = StartIn(script, arguments);
        return lab.End();
    }

    /// <summary>As <see cref="RunIn"/>; signals reach the program if the script executes it.</summary>
    public static LabProcess StartIn(string script, params string[] arguments) =>
        new(new ProcessStartInfo("bash", ["-c", script, "bash", "dotnet", Program, .. arguments])
        {
            // The runtime's doubly mapped code is a file as well, and larger than the limits set here.
            Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" },
        });

    /// <summary>Returns once the standard error holds the text.</summary>
    public void AwaitError(string text) =>
        Await(() => Error.Contains(text, StringComparison.Ordinal), $"'{text}' on standard error");

    /// <summary>Returns when it has been delivered: the same signal again is another one.</summary>
    public void Signal(PosixSignal signal)
    {
        int number = signal switch
        {
            PosixSignal.SIGINT => Interrupt,
            PosixSignal.SIGTERM => 15,
            PosixSignal.SIGHUP => 1,
            _ => throw new ArgumentOutOfRangeException(nameof(signal)),
        };
        Assert.Equal(0, Kill(_process.Id, number));
        Await(() => _process.HasExited || !IsPending(_process.Id, number), $"delivery of {signal}");
    }

    public void KillNow() => _process.Kill();

    public LabExit End()
    {
        bool ended = _process.WaitForExit(Limit);
        if (!ended) _process.Kill(entireProcessTree: true);
        _process.WaitForExit(); // also for the last lines
        string output;
        lock (_out) output = _out.ToString();
        Assert.True(ended, $"The program did not end within {Limit.TotalSeconds} s.\n{output}\n{Error}");
        return new LabExit(_process.ExitCode, output, Error);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void Await(Func<bool> condition, string what)
    {
        while (!condition())
        {
            if (_process.HasExited)
            {
                _process.WaitForExit(); // what it said last may still be on its way
                Assert.True(condition(), $"Waited in vain for {what}; it ended and said:\n{Error}");
                return;
            }
            Assert.True(_since.Elapsed < Limit, $"Waited in vain for {what}; there is:\n{Error}");
            Thread.Sleep(5);
        }
    }

    private static void Collect(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (text) text.Append(line).Append('\n');
    }

    private static string Known(string key) =>
        typeof(LabProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == key).Value!;

    /// <summary>A shell starts what it runs in the background with SIGINT ignored, which children inherit and .NET
    /// respects.</summary>
    private static void HonourInterrupts()
    {
        if (IsInMask("self", "SigIgn:", Interrupt)) SetHandler(Interrupt, 0);
    }

    private static bool IsPending(int process, int signal)
    {
        try
        {
            return IsInMask(process.ToString(CultureInfo.InvariantCulture), "ShdPnd:", signal);
        }
        catch (IOException)
        {
            return false; // gone meanwhile
        }
    }

    private static bool IsInMask(string process, string field, int signal)
    {
        string mask = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(field, StringComparison.Ordinal))
            .Split('\t')[1];
        return (Convert.ToUInt64(mask, 16) & (1UL << (signal - 1))) != 0;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint SetHandler(int signal, nint handler);
}
