using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lab.Application.Measuring;
using Lab.Application.Settings;
using Lab.Measure;
using Lab.Results.Comparisons;
using Lab.Settings;

namespace Lab.Application.Comparing;

/// <summary>The request as a run with these arguments will read it.</summary>
/// <exception cref="UsageException">It would refuse; nothing has been started or written.</exception>
public delegate RunRequest RunRehearsal(IReadOnlyList<string> arguments);

/// <summary>
/// One run of one arm in a process of its own: its own heap, its own code, its own layout, which is what makes runs independent of each other. To be started
/// and ended by one thread.
/// </summary>
/// <param name="arm">What is measured.</param>
/// <param name="rehearsal">Reads its arguments.</param>
/// <param name="runs">Where its folder goes.</param>
/// <param name="seed">Of its access patterns.</param>
/// <param name="turn">Length of the turns it measures in, which <see cref="TakeTurn"/> hands out; null if it measures in one piece.</param>
public sealed class ChildRun(ComparisonArm arm, RunRehearsal rehearsal, string runs, ulong seed, string? turn = null) : IDisposable
{
    private const string Announcement = "run folder: ";

    /// <summary>For the start of the process, the rehearsal, the report.</summary>
    private static readonly TimeSpan Overhead = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _error = new();
    private Process? _child;
    private TimeSpan _limit;
    private Timer? _timer;
    private CancellationTokenRegistration _whenCancelled;
    private volatile bool _isLate;

    private string[] Arguments =>
    [
        "--strategy", arm.Strategy!, "--runs", "1", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--out", runs, "--format", "csv", "--figures", "off",
        .. turn is null ? (string[])[] : ["--turns", turn], .. arm.Arguments,
    ];

    /// <summary>The request as the child will read it.</summary>
    /// <exception cref="UsageException">It would refuse; nothing has been started or written.</exception>
    public RunRequest Rehearse() => rehearsal(Arguments);

    /// <summary>Starts the process, which is killed if cancelled, or if it takes far longer than it should.</summary>
    /// <param name="abreast">How many runs share the machine's time, this one among them.</param>
    /// <param name="cancellation">Kills it.</param>
    public void Start(int abreast, CancellationToken cancellation)
    {
        RunRequest request = Rehearse();
        _limit = abreast * (Overhead + (request.Workloads.Count * (request.Window.Duration + request.Window.WarmupLimit + request.Window.LongestStandstill)));
        ProcessStartInfo start = StartOf(["run", .. Arguments]);
        start.RedirectStandardInput = turn is not null;
        Process child = new() { StartInfo = start };
        child.OutputDataReceived += (_, _) => { };
        child.ErrorDataReceived += (_, line) => _error.Append(line.Data).Append('\n');
        child.Start();
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        _child = child;
        _timer = new Timer(_ =>
        {
            _isLate = true;
            Kill();
        }, null, _limit, Timeout.InfiniteTimeSpan);
        _whenCancelled = cancellation.Register(Kill);
    }

    /// <summary>Waits until the process has stopped, every thread of it, to wait for a turn. False if it has ended instead.</summary>
    public bool AwaitStop() => StoppedProcess.Await(_child!.Id);

    /// <summary>Lets the stopped process go on until it stops again; false if it ended, as it does after its last turn.</summary>
    public bool TakeTurn()
    {
        try
        {
            // First the word and then the signal: continued without it, the process stops again.
            _child!.StandardInput.BaseStream.WriteByte((byte)'.');
            _child.StandardInput.BaseStream.Flush();
        }
        catch (IOException)
        {
            return false; // killed where it stood
        }
        StoppedProcess.Continue(_child.Id);
        return AwaitStop();
    }

    /// <summary>Waits for the end. Null if it was interrupted.</summary>
    /// <param name="index">Of the arm.</param>
    /// <param name="cancellation">As it was started with.</param>
    public BlockRun? End(int index, CancellationToken cancellation)
    {
        Process child = _child!;
        child.WaitForExit(); // also for the last lines
        // A terminal interrupts the child as well, which may be told and gone before this process knows.
        if (cancellation.IsCancellationRequested || child.ExitCode == ExitCode.Interrupted) return null;

        string[] lines = _error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string? folder = lines.LastOrDefault(line => line.StartsWith(Announcement, StringComparison.Ordinal))?[Announcement.Length..];
        return new BlockRun
        {
            Arm = index,
            Run = folder is null ? null : Path.GetFileName(folder),
            ExitCode = child.ExitCode,
            Problem = Problem(child.ExitCode, lines) is { } problem ? $"{arm.Label}: {problem}" : folder is null ? $"{arm.Label}: left no run folder" : null,
        };
    }

    /// <summary>A process that is still there is of no use to anybody.</summary>
    public void Dispose()
    {
        _whenCancelled.Dispose();
        _timer?.Dispose();
        if (_child is null) return;
        Kill();
        _child.Dispose();
    }

    private string? Problem(int code, string[] lines) =>
        _isLate ? $"did not end within {Quantities.Describe(_limit)} and was killed"
        : code switch
        {
            ExitCode.Fine => null,
            ExitCode.InvariantViolated => lines.FirstOrDefault(line => line.StartsWith("HUNG", StringComparison.Ordinal)) is { } hung
                ? $"gave up ({hung.TrimEnd(':')})"
                : "an invariant was violated (exit 4)",
            _ => $"ended with exit code {code}: {lines.LastOrDefault(line => line.StartsWith("lab: ", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "without a word"}",
        };

    private static ProcessStartInfo StartOf(IEnumerable<string> arguments) =>
        SelfProcess.Start(arguments) ?? throw new UsageException("lab compare cannot find its own program; start it with 'dotnet lab.dll compare'.");

    /// <summary>What it measured so far belongs to a block that does not count.</summary>
    private void Kill()
    {
        try
        {
            _child!.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }
}
