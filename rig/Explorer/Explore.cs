using System.Diagnostics;
using Lab.Explorer.Candidates;
using Lab.Explorer.Graph;
using Lab.Explorer.Sampling;

namespace Lab.Explorer;

/// <summary>Explores small concurrent programs.</summary>
public static class Explore
{
    private static readonly TimeSpan Watch = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Report = TimeSpan.FromMilliseconds(250);
    private const int StackBytes = 16 << 20;
    private const int SchedulesForTheSmallest = 20_000;

    /// <summary>Builds the scene once and explores it as the settings say. What is wrong with the program is in the result;
    /// exceptions are for wrong settings and for what <paramref name="program"/> itself throws while it builds the
    /// scene. Under a model weaker than x86-TSO there are executions, not schedules: they can be searched whole
    /// (<see cref="Search.Optimal"/>) or replayed; other searches throw <see cref="NotSupportedException"/>.</summary>
    /// <param name="program">Declares words, threads, outcome and check.</param>
    /// <param name="settings">Bounds; by default everything is explored under sequential consistency.</param>
    /// <param name="observer">Called now and then, on the calling thread under the optimal search.</param>
    /// <param name="cancellation">Ends the exploration early, with what was found until then.</param>
    public static ExploreResult Check(
        Action<Scene> program,
        ExploreSettings? settings = null,
        Action<ExploreProgress>? observer = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(program);
        settings ??= new ExploreSettings();
        if (!ScheduledModels.Has(settings.Model)) return ByCandidates(program, settings, observer, cancellation);
        WordPool pool = new();
        Scene scene = new(pool.Add);
        ExploreResult? result = null;
        try
        {
            program(scene);
            result = settings.Search == Search.Optimal
                ? Walk(new GraphSearch(scene, pool, settings), settings, observer, cancellation)
                : Sampler.Run(scene, settings, observer, cancellation);
            if (result is { Verdict: Verdict.Violated, Failure: { } found } && settings.Search == Search.Optimal)
            {
                result = result with { Failure = Smallest(scene, settings, found, cancellation) ?? found };
            }
            return result;
        }
        finally
        {
            // Code that could not be explored may still be running on a thread that nobody can stop: its words stay.
            if (result?.Verdict != Verdict.Uncontrollable) pool.Free();
        }
    }

    /// <summary>Explores as <see cref="Check"/> does under a model weaker than x86-TSO. Knows the stronger ones, too.</summary>
    internal static ExploreResult ByCandidates(Action<Scene> program, ExploreSettings settings,
        Action<ExploreProgress>? observer = null, CancellationToken cancellation = default)
    {
        ScheduledModels.RequireExecutions(settings);
        WordPool pool = new();
        Scene scene = new(pool.Add);
        ExploreResult? result = null;
        try
        {
            program(scene);
            SceneSearch search = new(scene, pool, settings);
            result = Walk(search, settings, observer, cancellation);
            if (!search.IsNoMatterOfOrder) return result;
            // A schedule says more than an execution, and there is one.
            ExploreSettings scheduled = settings with { Model = MemoryModel.Sc };
            ExploreResult under = Walk(new GraphSearch(scene, pool, scheduled), scheduled, observer, cancellation);
            if (under is { Verdict: Verdict.Violated, Failure: { } found })
            {
                Failure failure = Smallest(scene, scheduled, found, cancellation) ?? found;
                string told = $"{failure.Finding.What.TrimEnd('.')}. It happens under sc, too: no order is lacking.";
                result = result with { Failure = failure with { Finding = failure.Finding with { What = told } } };
            }
            return result;
        }
        finally
        {
            if (result?.Verdict != Verdict.Uncontrollable) pool.Free();
        }
    }

    /// <summary>Walks through a scene's optimal search in another way than <see cref="Check"/> would.</summary>
    internal static ExploreResult Walk(
        Action<Scene> program, ExploreSettings settings, WalkedSlice slice, CancellationToken cancellation)
    {
        WordPool pool = new();
        Scene scene = new(pool.Add);
        program(scene);
        ExploreResult result = Walk(new GraphSearch(scene, pool, settings, slice), settings, null, cancellation);
        if (result.Verdict != Verdict.Uncontrollable) pool.Free();
        return result;
    }

    /// <summary>A schedule that fails in the same way, made as small as can be, with its replay string: the optimal search has
    /// executions, not schedules. Null if a sample of schedules shows none.</summary>
    private static Failure? Smallest(Scene scene, ExploreSettings settings, Failure found, CancellationToken cancellation)
    {
        try
        {
            ExploreSettings sample = settings with { Search = Search.Random, ExecutionsMax = SchedulesForTheSmallest,
                Budget = Timeout.InfiniteTimeSpan, KeepGoing = false };
            ExploreResult again = Sampler.Run(scene, sample, null, cancellation);
            return again.Verdict == Verdict.Violated && again.Failure?.Finding.Invariant == found.Finding.Invariant
                ? again.Failure : null;
        }
        catch (Exception refused) when (refused is ArgumentException or OperationCanceledException)
        {
            // More threads than a schedule string has letters for, or interrupted: the execution as found will do.
            return null;
        }
    }

    /// <summary>Runs the search on a thread of its own and watches it, for code under control may never come back.</summary>
    private static ExploreResult Walk(
        ISceneWalk search, ExploreSettings settings, Action<ExploreProgress>? observer, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        Exception? thrown = null;
        Thread walker = new(() =>
        {
            try
            {
                search.Run();
            }
            catch (Exception e)
            {
                thrown = e;
            }
        }, StackBytes) { IsBackground = true, Name = "explorer" };
        walker.Start();
        string? stoppedBy = null;
        long progress = -1;
        long progressAt = start;
        long reportedAt = start;
        while (!walker.Join(Watch))
        {
            long now = Stopwatch.GetTimestamp();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start, now);
            if (search.Progress != progress) (progress, progressAt) = (search.Progress, now);
            if (Stopwatch.GetElapsedTime(progressAt, now) > settings.StepTimeout)
            {
                search.Abandon();
                return search.NeverEnds(settings, elapsed);
            }
            if (stoppedBy == null && cancellation.IsCancellationRequested) stoppedBy = "it was cancelled";
            if (stoppedBy == null && settings.Budget != Timeout.InfiniteTimeSpan && elapsed >= settings.Budget)
            {
                stoppedBy = FormattableString.Invariant($"the budget of {settings.Budget.TotalSeconds:0.###} s ended");
            }
            if (stoppedBy != null) search.IsStopped = true;
            if (observer == null || Stopwatch.GetElapsedTime(reportedAt, now) < Report) continue;
            reportedAt = now;
            string phase = search is GraphSearch ? "all schedules" : "all executions";
            observer(new ExploreProgress(phase, search.Executions, 0, elapsed.TotalSeconds, null));
        }
        if (thrown is ArgumentException refused && search is SceneSearch) throw refused;
        if (thrown is OutOfMemoryException or InsufficientMemoryException) stoppedBy = "memory ran out";
        else if (thrown != null) throw new InvalidOperationException("The search failed; this is a bug of the explorer.", thrown);
        return search.Of(settings, Stopwatch.GetElapsedTime(start), stoppedBy);
    }
}
