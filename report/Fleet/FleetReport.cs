using System.Globalization;
using Lab.Report.Documents;
using Lab.Results.Fleet;
using Lab.Settings;
using Plural = Lab.Results.Plural;

namespace Lab.Report.Fleet;

/// <summary>How far a plan is.</summary>
public static class FleetReport
{
    private const int ShownMax = 20;

    public static Output Status(FleetStatusJson status) => new(() => Of(status),
        csv => Records.WriteCsv(status.Open, csv), () => Records.Json(status));

    /// <param name="plan">The folder.</param>
    /// <param name="units">As they are listed.</param>
    /// <param name="seconds">How long those that are done took.</param>
    /// <param name="why">Of a unit that failed.</param>
    /// <param name="drained">Machines that take no more.</param>
    /// <param name="problems">What cannot be read, a sentence each.</param>
    public static FleetStatusJson Of(PlanFolder plan, IReadOnlyList<UnitListing> units, IReadOnlyList<double> seconds,
        Func<int, string?> why, IReadOnlyList<HostRecord> drained, IReadOnlyList<string> problems)
    {
        int Count(UnitState state) => units.Count(unit => unit.State == state);
        int open = units.Count - Count(UnitState.Done) - Count(UnitState.Failed), running = Count(UnitState.Running);
        return new FleetStatusJson(plan.Path, plan.Plan.Id, Word(plan.Plan.Kind), units.Count, Count(UnitState.Done), running,
            Count(UnitState.Failed), Count(UnitState.Missing), Count(UnitState.Damaged),
            (double)Count(UnitState.Done) / units.Count,
            open == 0 ? 0 : seconds.Count == 0 || running == 0 ? null : Math.Round(seconds.Average() * open / running, 1),
            [.. drained.Select(host => $"{host.Host}: {string.Join("; ", host.Why)}")], problems,
            [.. units.Where(unit => unit.State != UnitState.Done).Select(unit => new FleetUnitJson(unit.Number, Word(unit.State),
                unit.Attempts, unit.Attempts == 0 ? null : why(unit.Number)))]);
    }

    private static Document Of(FleetStatusJson status)
    {
        string left = status.SecondsLeft is { } seconds and > 0
            ? $", {Quantities.DescribeLeft(TimeSpan.FromSeconds(seconds))} left" : "";
        bool isWhole = status.Done == status.Units;
        Mood mood = status.Failed > 0 || status.Problems.Count > 0 ? Mood.Bad : isWhole ? Mood.Good : Mood.Warn;
        FleetUnitJson[] told = [.. status.Open.Where(unit => unit.State == Word(UnitState.Failed) || unit.Attempts > 0)
            .Take(ShownMax)];
        return new Document("lab fleet")
        {
            Mood = mood,
            Answer = [new(string.Create(CultureInfo.InvariantCulture,
                $"{status.Plan}: {status.Done:N0} of {Plural.Of(status.Units, status.Kind)} done ({100 * status.Share:0} %), "
                    + $"{status.Running:N0} running, {status.Failed:N0} failed, {status.Missing:N0} missing"
                    + $"{(status.Damaged > 0 ? $", {status.Damaged:N0} damaged" : "")}{left}"), mood)],
            Parts =
            [
                .. status.Problems.Select(problem => new Prose($"  {problem}", Mood.Bad)),
                .. status.Drained.Select(host => new Prose($"  takes no more: {host}", Mood.Warn)),
                .. told.Length == 0 ? (Part[])[] : [new Table(["unit", "state", .. Column.Numbers("attempts"), "why"],
                    [.. told.Select(unit => (IReadOnlyList<Cell>)[$"{unit.Unit}", unit.State, Cell.Count(unit.Attempts),
                        unit.Why ?? ""])])],
                .. isWhole ? (Part[])[new Commands("  gather", ShellText.Of("lab", "fleet", "gather", status.Plan))] : [],
            ],
        };
    }

    /// <summary>As the files have it.</summary>
    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
