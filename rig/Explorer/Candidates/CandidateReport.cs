using System.Globalization;
using Lab.Explorer.Orders;

namespace Lab.Explorer.Candidates;

/// <summary>What a <see cref="SceneSearch"/> found, and never more than that, in words.</summary>
internal static class CandidateReport
{
    internal static ExploreResult Of(SceneSearch search, ExploreSettings settings, TimeSpan elapsed, string? stoppedBy)
    {
        Verdict verdict = search.Fault is not null ? Verdict.Uncontrollable
            : search.Failure is not null ? Verdict.Violated : Verdict.NothingFound;
        Failure? failure = search.Fault is { } fault ? SearchReport.Without(fault) : search.Failure;
        ExploreResult result = Result(search, elapsed, verdict, failure,
            search.IsFinished && !search.HasLeftOutTurns && search.Fault is null, Bound(search, settings, stoppedBy));
        return SearchReport.AsWhole(result, search.IsFinished);
    }

    internal static ExploreResult NeverEnds(SceneSearch search, ExploreSettings settings, TimeSpan elapsed)
    {
        string seconds = settings.StepTimeout.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
        Finding finding = new("never ends", "Every thread ends.",
            $"{search.CurrentThread} has made no step for {seconds} s: it loops without touching shared memory, or waits for "
                + "something that the machine cannot see.");
        return Result(search, elapsed, Verdict.Uncontrollable, SearchReport.Without(finding), isComplete: false,
            SearchReport.Stopped(search.Executions, "a thread did not return"));
    }

    private static string Bound(SceneSearch search, ExploreSettings settings, string? stoppedBy)
    {
        if (settings.Search == Search.Replay)
        {
            string forbidden =
                search.ForbiddenBy is { } axiom ? $", which {search.Model.Name} forbids now, by its axiom '{axiom}'" : "";
            return $"one recorded execution{forbidden}";
        }
        string? why = search.Fault is not null ? "the code cannot be explored"
            : search.IsFinished ? null
            : search.Failure is not null && !settings.KeepGoing ? SearchReport.FoundOne
            : search.HasTooManyTraces ? string.Create(CultureInfo.InvariantCulture,
                $"a thread can do more than {CandidateSearch.TracesMax:N0} things, depending on what it reads")
            : stoppedBy ?? string.Create(CultureInfo.InvariantCulture,
                $"the limit of {settings.ExecutionsMax:N0} executions was reached");
        if (why is not null) return SearchReport.Stopped(search.Executions, why);
        string all = search.HasLeftOutTurns
            ? "all executions in which loops that do something while they wait make few turns; longer ones were NOT explored"
            : "all executions";
        string buffering = !search.Model.HasLoadBuffering ? "load buffering excluded by the model"
            : search.Assumption.Length > 0 ? search.Assumption : "load buffering included";
        return $"{all}; {buffering}";
    }

    private static ExploreResult Result(
        SceneSearch search, TimeSpan elapsed, Verdict verdict, Failure? failure, bool isComplete, string bound) => new()
    {
        Verdict = verdict,
        Executions = search.Executions,
        Violations = search.Violations,
        Cut = search.Cut,
        Steps = search.Steps,
        Seconds = elapsed.TotalSeconds,
        IsComplete = isComplete,
        EndedEarly = verdict == Verdict.NothingFound && !isComplete,
        HasLeftOutTurns = search.HasLeftOutTurns,
        Bound = bound,
        Outcomes = search.Outcomes,
        Failure = failure,
    };
}
