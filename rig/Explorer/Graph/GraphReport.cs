using System.Globalization;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Graph;

/// <summary>What a <see cref="GraphSearch"/> found, and never more than that, in words.</summary>
internal static class GraphReport
{
    internal static ExploreResult Of(GraphSearch search, ExploreSettings settings, TimeSpan elapsed, string? stoppedBy)
    {
        Failure? failure = search.Failure;
        Verdict verdict =
            search.Fault != null ? Verdict.Uncontrollable : failure != null ? Verdict.Violated : Verdict.NothingFound;
        bool isComplete = search.IsFinished && !search.HasLeftOutTurns && search.Fault == null;
        if (search.Fault != null) failure = SearchReport.Without(search.Fault);
        ExploreResult result =
            Result(search, elapsed, verdict, failure, isComplete, Bound(search, settings, stoppedBy));
        return settings.Slice == SearchSlice.Whole ? SearchReport.AsWhole(result, search.IsFinished) : result;
    }

    /// <summary>For a search that had to be left behind because the code under control does not come back.</summary>
    internal static ExploreResult NeverEnds(GraphSearch search, ExploreSettings settings, TimeSpan elapsed)
    {
        string seconds = settings.StepTimeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        Finding finding = new("never ends", "Every thread ends.",
            $"{search.CurrentThread} has made no step for {seconds} s: it loops without touching shared memory, or waits for "
                + "something that the machine cannot see.");
        return Result(search, elapsed, Verdict.Uncontrollable, SearchReport.Without(finding), isComplete: false,
            Partial(search, "a thread did not return"), []);
    }

    private static string Bound(GraphSearch search, ExploreSettings settings, string? stoppedBy)
    {
        if (search.Fault != null) return Partial(search, "the code cannot be explored");
        if (!search.IsFinished)
        {
            string why = search.Failure != null && !settings.KeepGoing ? SearchReport.FoundOne
                : stoppedBy ?? string.Create(CultureInfo.InvariantCulture,
                    $"the limit of {settings.ExecutionsMax:N0} executions was reached");
            return Partial(search, why);
        }
        return search.HasLeftOutTurns
            ? $"all schedules in which a loop that does something while it waits makes at most {SpinLoop.TurnsMax} turns "
                + "per thread; longer ones were NOT explored"
            : "all schedules";
    }

    private static string Partial(GraphSearch search, string why) => SearchReport.Stopped(search.Executions, why);

    private static ExploreResult Result(
        GraphSearch search,
        TimeSpan elapsed,
        Verdict verdict,
        Failure? failure,
        bool isComplete,
        string bound,
        Dictionary<string, long>? outcomes = null) => new()
    {
        Verdict = verdict,
        Executions = search.Executions,
        Cut = search.Cut,
        Steps = search.Steps,
        Seconds = elapsed.TotalSeconds,
        IsComplete = isComplete,
        EndedEarly = verdict == Verdict.NothingFound && !isComplete,
        HasLeftOutTurns = search.HasLeftOutTurns,
        Bound = bound,
        Outcomes = outcomes ?? search.Outcomes,
        Failure = failure,
    };
}
