using System.Globalization;
using Lab.Application.Settings;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>One run of one arm, apart from all others: its own heap, its own code, its own layout, which is what makes runs
/// independent of each other. To be started and ended by one thread.</summary>
/// <param name="arm">What is measured.</param>
/// <param name="seed">Of its access patterns.</param>
/// <param name="turn">Length of the turns it measures in, which <see cref="TakeTurn"/> hands out; null if it measures in one
/// piece.</param>
public sealed class ChildRun(ComparisonArm arm, ulong seed, string? turn = null) : IDisposable
{
    /// <summary>For the start of the process, the rehearsal, the report.</summary>
    private static readonly TimeSpan Overhead = TimeSpan.FromSeconds(60);

    private IPlacedRun? _run;
    private TimeSpan _limit;
    private Timer? _timer;
    private CancellationTokenRegistration _whenCancelled;
    private volatile bool _isLate;

    private string[] Arguments =>
    [
        "--strategy", arm.Strategy!, "--runs", "1", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--format", "csv",
        "--figures", "off",
        .. turn is null ? (string[])[] : ["--turns", turn], .. arm.Arguments,
    ];

    /// <summary>The request as the child will read it.</summary>
    /// <exception cref="UsageException">It would refuse; nothing has been started or written.</exception>
    public RunRequest Rehearse() => RunRequest.Read(Arguments);

    /// <summary>Starts the run, which is killed if cancelled, or if it takes far longer than it should.</summary>
    /// <param name="place">Where.</param>
    /// <param name="abreast">How many runs share the machine's time, this one among them.</param>
    /// <param name="cancellation">Kills it.</param>
    public void Start(IRunPlace place, int abreast, CancellationToken cancellation)
    {
        RunRequest request = Rehearse();
        _limit = abreast * (Overhead + (request.Workloads.Count
            * (request.Window.Duration + request.Window.WarmupLimit + request.Window.LongestStandstill)));
        // Of what all arms are given, or what was inherited, an arm on another workload reads less.
        string[] idle = [.. request.Idle().Select(setting => setting.Option)];
        string[] arguments = [.. Arguments.Chunk(2).Where(pair => !idle.Contains(pair[0])).SelectMany(pair => pair)];
        IPlacedRun run = place.Start(arguments, takesTurns: turn is not null);
        _run = run;
        _timer = new Timer(_ =>
        {
            _isLate = true;
            run.Kill();
        }, null, _limit, Timeout.InfiniteTimeSpan);
        _whenCancelled = cancellation.Register(run.Kill);
    }

    /// <summary>Waits until the run has stopped to wait for a turn. False if it has ended instead.</summary>
    public bool AwaitStop() => _run!.AwaitStop();

    /// <summary>Lets it go on until it stops again; false if it ended, as it does after its last turn.</summary>
    public bool TakeTurn() => _run!.TakeTurn();

    /// <summary>Waits for the end. Null if it was interrupted.</summary>
    /// <param name="index">Of the arm.</param>
    /// <param name="cancellation">As it was started with.</param>
    public BlockRun? End(int index, CancellationToken cancellation)
    {
        PlacedRunEnd end = _run!.End();
        // A terminal interrupts the child as well, which may be told and gone before this process knows.
        if (cancellation.IsCancellationRequested || end.ExitCode == ExitCode.Interrupted) return null;
        string? folder = end.Announced is { } announced ? _run.Fetch(announced) : null;
        string? problem = Problem(end) ?? (folder is null ? "left no run folder" : null);
        return new BlockRun
            { Arm = index, Run = folder, ExitCode = end.ExitCode, Problem = problem is null ? null : $"{arm.Label}: {problem}" };
    }

    public void Dispose()
    {
        _whenCancelled.Dispose();
        _timer?.Dispose();
        _run?.Dispose();
    }

    private string? Problem(PlacedRunEnd end) =>
        _isLate ? $"did not end within {Quantities.Describe(_limit)} and was killed"
        : end.ExitCode switch
        {
            ExitCode.Fine => null,
            ExitCode.InvariantViolated =>
                end.Complaints.FirstOrDefault(line => line.StartsWith("HUNG", StringComparison.Ordinal)) is { } hung
                ? $"gave up ({hung.TrimEnd(':')})"
                : "an invariant was violated (exit 4)",
            ExitCode.Contaminated =>
                end.Complaints.FirstOrDefault(line => line.StartsWith("STARVED", StringComparison.Ordinal)) is { } starved
                ? $"others had the cores ({starved.TrimEnd(':')})"
                : "nothing was measured: no timed step in the window; use a longer --duration",
            _ => $"ended with exit code {end.ExitCode}: "
                + (end.Complaints.LastOrDefault(line => line.StartsWith("lab: ", StringComparison.Ordinal))
                    ?? (end.Complaints.Count > 0 ? end.Complaints[^1] : "without a word")),
        };
}
