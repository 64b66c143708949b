using System.Globalization;
using Lab.Explorer.Seam;

namespace Lab.Explorer;

/// <summary>What is said alike of a search through a scene, however it is made.</summary>
internal static class SearchReport
{
    /// <summary>Why a search ends that found something.</summary>
    internal const string FoundOne = "a violation was found";

    /// <summary>What only the whole search shows: that nothing ever ends.</summary>
    internal static ExploreResult AsWhole(ExploreResult result, bool isFinished)
    {
        if (result.Verdict != Verdict.NothingFound || result.Executions > 0 || !isFinished) return result;
        if (result is { IsComplete: true, Cut: > 0 }) return result with
        {
            Verdict = Verdict.Violated,
            Failure = Without(
                new Finding("livelock", "Some execution ends.", "Every possible execution has a thread that waits forever.")),
        };
        return !result.HasLeftOutTurns ? result : result with
        {
            Verdict = Verdict.Uncontrollable, EndedEarly = false,
            Failure = Without(new Finding("never ends", "Every thread ends.",
                $"In no execution do all threads end within {SpinLoop.TurnsMax} turns of loops that do something "
                    + "while they wait.")),
        };
    }

    /// <summary>How far it got that was stopped.</summary>
    internal static string Stopped(long executions, string why) => string.Create(CultureInfo.InvariantCulture,
        $"stopped after {executions:N0} execution{(executions == 1 ? "" : "s")}: {why}; NOT all executions were explored");

    internal static Failure Without(Finding finding) =>
        new(finding, [], [], 0, "", HasFewestPreemptions: false, HasFewestSteps: false);
}
