using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Lab.Explorer.Schedules;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Sampling;

/// <summary>One random search: a thread that runs schedule after schedule, and the caller, who watches it.</summary>
/// <remarks>The searching thread never reads a clock; the watcher stops it when the budget is spent, and gives up on it when the
/// code under control takes no turn any more. It then stays behind, as a background thread: nothing can end code that loops
/// without ever asking the machine.</remarks>
internal sealed class SamplingSearch(SamplingRun run, ExploreSettings settings, Scheduler scheduler, int threads)
{
    /// <summary>How often the watcher looks, and the observer is told.</summary>
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Executions between two in which every thread is run once more at the end, to see whether it does the
    /// same.</summary>
    private const long VerifyEvery = 64;

    private readonly Dictionary<string, long> _outcomes = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _executions;
    private long _violations;
    private long _steps;
    private Finding? _finding;
    private bool _isUncontrollable;
    private Failure? _failure;
    private ExceptionDispatchInfo? _thrown;

    private long ExecutionsMax { get; } = settings switch
    {
        { Search: Search.Replay } => 1,
        { ExecutionsMax: long.MaxValue } when settings.Budget == Timeout.InfiniteTimeSpan => Sampler.ExecutionsByDefault,
        _ => settings.ExecutionsMax,
    };

    public ExploreResult Watch(Action<ExploreProgress>? observer, CancellationToken cancellation)
    {
        // It goes down with the program if it is left behind.
        Thread searching = new(SearchOnThread) { IsBackground = true, Name = "random search" };
        searching.Start();
        long beats = -1;
        TimeSpan lastTurn = _clock.Elapsed;
        while (!searching.Join(NextLook()))
        {
            observer?.Invoke(Progress());
            if (cancellation.IsCancellationRequested || IsSpent) run.Stop();
            if (run.Beats != beats)
            {
                beats = run.Beats;
                lastTurn = _clock.Elapsed;
            }
            else if (settings.StepTimeout != Timeout.InfiniteTimeSpan && _clock.Elapsed - lastTurn > settings.StepTimeout)
            {
                return GiveUp();
            }
        }
        _thrown?.Throw();
        cancellation.ThrowIfCancellationRequested();
        observer?.Invoke(Progress());
        return Result();
    }

    private bool IsSpent => settings.Budget != Timeout.InfiniteTimeSpan && _clock.Elapsed >= settings.Budget;

    private TimeSpan NextLook()
    {
        if (settings.Budget == Timeout.InfiniteTimeSpan || run.WasStopped) return WatchInterval;
        TimeSpan left = settings.Budget - _clock.Elapsed;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < WatchInterval ? left : WatchInterval;
    }

    private void SearchOnThread()
    {
        try
        {
            SearchAll();
        }
        catch (Exception thrown)
        {
            _thrown = ExceptionDispatchInfo.Capture(thrown);
        }
    }

    private void SearchAll()
    {
        for (long execution = 0; execution < ExecutionsMax; execution++)
        {
            Finding? finding = run.Execute(scheduler, execution % VerifyEvery == 0);
            if (run.WasStopped && finding is null) return;
            _steps += run.Steps;
            Volatile.Write(ref _executions, execution + 1);
            if (scheduler is Recorded { Divergence: string divergence })
            {
                KeepUncontrollable(new Finding("nondeterministic", "A recorded schedule can be replayed.",
                    $"{divergence}; the code has changed since it was recorded"));
                return;
            }
            Count();
            if (finding is null) continue;
            if (run.IsUncontrollable)
            {
                KeepUncontrollable(finding);
                return;
            }
            _violations++;
            if (_finding is null) Keep(finding);
            if (!settings.KeepGoing) return;
        }
    }

    private void Count()
    {
        if (run.Outcome is null) return;
        ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(_outcomes, run.Outcome, out _);
        count++;
    }

    private void KeepUncontrollable(Finding finding)
    {
        _finding = finding;
        _isUncontrollable = true;
        _failure = SamplingFailure.AsFound(run, finding);
    }

    private void Keep(Finding finding)
    {
        _finding = finding;
        if (settings.Search == Search.Replay || run.WasStopped)
        {
            _failure = SamplingFailure.AsFound(run, finding);
            return;
        }
        SamplingFailure failing = new(run, finding, threads);
        _failure = failing.Minimise();
        _steps += failing.StepsMade;
    }

    private ExploreProgress Progress()
    {
        long executions = Volatile.Read(ref _executions);
        double? share = ExecutionsMax < long.MaxValue ? (double)executions / ExecutionsMax : _clock.Elapsed / settings.Budget;
        return new ExploreProgress(scheduler.Name, executions, 0, _clock.Elapsed.TotalSeconds, Math.Min(1, share.Value));
    }

    private ExploreResult Result() => new()
    {
        Verdict = _isUncontrollable ? Verdict.Uncontrollable : _finding is null ? Verdict.NothingFound : Verdict.Violated,
        Executions = _executions,
        Violations = _violations,
        Steps = _steps,
        Seconds = _clock.Elapsed.TotalSeconds,
        IsComplete = _executions >= ExecutionsMax && !_isUncontrollable,
        EndedEarly = _finding is null && _executions < ExecutionsMax,
        Bound = Bound(),
        FindsWithProbability = (scheduler as Pct)?.FindsWithProbability(_executions),
        Outcomes = _outcomes,
        Failure = _failure,
    };

    private string Bound()
    {
        if (settings.Search == Search.Replay) return "one recorded schedule";
        string name = settings.Search == Search.Pct ? $"PCT, depth {settings.PctDepth}" : scheduler.Name;
        string done = _executions.ToString("N0", CultureInfo.InvariantCulture);
        if (_executions >= ExecutionsMax) return $"{done} random schedules ({name})";
        string wanted = ExecutionsMax == long.MaxValue
            ? settings.Budget.ToString("g", CultureInfo.InvariantCulture)
            : $"{ExecutionsMax.ToString("N0", CultureInfo.InvariantCulture)} random schedules";
        return $"{wanted} ({name}), stopped after {done} schedules";
    }

    /// <summary>The searching thread is stuck in code that does not come back; what it wrote so far is left alone, but for
    /// counts.</summary>
    private ExploreResult GiveUp()
    {
        run.Abandon();
        Finding finding = new("never ends", "Every thread ends.", string.Create(CultureInfo.InvariantCulture,
            $"{run.RunningThread} has made no step for {settings.StepTimeout.TotalSeconds:0.###} s: it loops without asking "
            + $"the machine, or its end depends on more than what it reads"));
        return new ExploreResult
        {
            Verdict = Verdict.Uncontrollable,
            Executions = Volatile.Read(ref _executions),
            Seconds = _clock.Elapsed.TotalSeconds,
            IsComplete = false,
            Bound = Bound(),
            Failure = new Failure(finding, run.Agents(), [], 0, "", false, false),
        };
    }
}
