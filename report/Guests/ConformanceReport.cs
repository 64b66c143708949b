using System.Globalization;
using Lab.Application.Conformance;
using Lab.Report.Documents;

namespace Lab.Report.Guests;

/// <summary>Whether a kernel did with roots what a strategy or another kernel does.</summary>
public static class ConformanceReport
{
    public static Document Of(ConformanceVerdict verdict) => new("lab guest trace")
    {
        Answer = [Sentence(verdict)],
        Parts =
        [
            .. verdict.Waived.Select(one => new Prose($"not compared: {one.Name}. {one.Why}", Mood.Soft)),
            .. verdict.FirstLine is null ? [] : SideBySide(verdict),
        ],
    };

    /// <summary>The streams in which they differ, event by event.</summary>
    internal static Part[] SideBySide(ConformanceVerdict verdict) =>
        [new Commands("", verdict.Report.Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..])];

    /// <summary>In one sentence.</summary>
    internal static Prose Sentence(ConformanceVerdict verdict) => verdict.IsSame
        ? new Prose($"{verdict.Kernel}: same order, counts and references as {verdict.Other}.", Mood.Good)
        : verdict.OutOfOrder is [var first, ..] ? new Prose($"{verdict.Kernel} is out of order: {first}.", Mood.Bad)
        : new Prose(string.Create(CultureInfo.InvariantCulture,
            $"{verdict.Kernel} is not as {verdict.Other}: first difference at {verdict.Kernel}:{verdict.FirstLine} "
                + $"({verdict.Stream}): {verdict.Parting}."), Mood.Bad);
}
