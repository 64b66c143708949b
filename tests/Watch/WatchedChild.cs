using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Lab.Tests.Cli;
using Xunit;

namespace Lab.Tests.Watch;

/// <summary>A process to watch: this program again, which does what it is told instead of running tests when a variable is set.
/// Each order is answered with when it began and ended, in nanoseconds of CLOCK_MONOTONIC.</summary>
internal sealed class WatchedChild : IDisposable
{
    private const string Variable = "LAB_TESTS_WATCHED_CHILD";

    private readonly Process _process;

    public WatchedChild()
    {
        ProcessStartInfo start = new("dotnet", [typeof(WatchedChild).Assembly.Location])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { [Variable] = "1", ["DOTNET_TieredCompilation"] = "0", ["DOTNET_ReadyToRun"] = "0" },
            WorkingDirectory = Path.GetDirectoryName(LabProcess.Program)!,
        };
        _process = Process.Start(start)!;
        Assert.Equal("ready", _process.StandardOutput.ReadLine());
    }

    public int Id => _process.Id;

    /// <summary>Has the child do something; returns when it began, when it ended and what it has to say.</summary>
    public (long Begun, long Ended, string Said) Order(string what)
    {
        _process.StandardInput.WriteLine(what);
        string[] answer =
            (_process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The child has ended.")).Split(' ', 3);
        return (long.Parse(answer[0], CultureInfo.InvariantCulture),
            long.Parse(answer[1], CultureInfo.InvariantCulture), answer[2]);
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    // Before Main, which would run the tests: a child of its own needs no second program.
#pragma warning disable CA2255
    [ModuleInitializer]
    internal static void BeTheChildIfAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not "1") return;
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } order)
        {
            long begun = Stopwatch.GetTimestamp();
            string said = order switch
            {
                "collect" => Collect(),
                "compile" => CompiledLate(3).ToString(CultureInfo.InvariantCulture),
                "spin" => Spin(),
                _ => "nothing",
            };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{begun} {Stopwatch.GetTimestamp()} {said}"));
        }
        Environment.Exit(0);
    }
#pragma warning restore CA2255

    private static string Collect()
    {
        TimeSpan before = GC.GetTotalPauseDuration();
        GC.Collect();
        return ((GC.GetTotalPauseDuration() - before).Ticks * 100).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Called once, late: what it costs is its compilation.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int CompiledLate(int x) => (x * x) + 1;

    private static string Spin()
    {
        long end = Stopwatch.GetTimestamp() + (300 * Stopwatch.Frequency / 1000);
        ulong sum = 0;
        while (Stopwatch.GetTimestamp() < end) sum++;
        return sum > 0 ? "spun" : "";
    }
}
