using System.Globalization;
using Lab.Explorer;

namespace Lab.Cli;

/// <summary>
/// A failing schedule as a table: a column per thread, a row per step in order, where in the source it is, and the roots where a step changed them.
/// </summary>
internal static class ScheduleTable
{
    private const int Width = 80;
    private const int AgentWidthMin = 14;
    private const int LocationWidthMax = 18;
    private const int RootsWidthMax = 20;
    private const int RootsWidthMin = 5;

    /// <summary>One shown step.</summary>
    internal sealed record Row(int Number, int Agent, string What, string Location, string Roots);

    /// <summary>The steps to show: all, or the notable ones, those that change a root, and the last, which is the wrong one.</summary>
    public static IReadOnlyList<Row> Rows(Failure failure, bool allSteps)
    {
        List<Row> rows = [];
        Dictionary<string, RootView> before = [];
        for (int index = 0; index < failure.Steps.Count; index++)
        {
            Step step = failure.Steps[index];
            string roots = Changes(before, step.Roots);
            bool shown = allSteps || step.IsNotable || roots.Length > 0 || index == failure.Steps.Count - 1;
            if (shown) rows.Add(new Row(index + 1, step.Agent, step.What, step.Location ?? "", roots));
        }
        return rows;
    }

    /// <summary>Plain text; eighty columns hold two threads, each further one makes it wider. An empty line is a switch to another thread.</summary>
    public static IEnumerable<string> Text(Failure failure, bool allSteps)
    {
        IReadOnlyList<Row> rows = Rows(failure, allSteps);
        int agents = failure.Agents.Count;
        int number = rows[^1].Number.ToString(CultureInfo.InvariantCulture).Length;
        int location = Math.Min(LocationWidthMax, Math.Max(2, rows.Max(row => Short(row.Location).Length)));
        int roots = Math.Clamp(rows.Max(row => row.Roots.Length), RootsWidthMin, RootsWidthMax);
        int left = Width - number - location - roots - (agents + 2) * TextGrid.Gap.Length;
        int agent = Math.Max(AgentWidthMin, left / agents);
        int widest = Math.Max(rows.Max(row => row.What.Length), failure.Agents.Max(name => name.Length));
        if (widest < agent)
        {
            roots = Math.Min(roots + (agent - widest) * agents, Math.Max(roots, rows.Max(row => row.Roots.Length)));
            agent = widest;
        }
        TextGrid grid = new(["#", .. failure.Agents, "at", "roots"], [number, .. Enumerable.Repeat(agent, agents), location, roots]);
        int last = rows[0].Agent;
        foreach (Row row in rows)
        {
            if (row.Agent != last) grid.AddEmpty();
            last = row.Agent;
            grid.Add([row.Number.ToString(CultureInfo.InvariantCulture).PadLeft(number), .. Cells(row, agents), Short(row.Location), row.Roots]);
        }
        return grid.Lines;
    }

    public static IEnumerable<string> Markdown(Failure failure, bool allSteps)
    {
        yield return $"| # | {string.Join(" | ", failure.Agents)} | at | roots |";
        yield return $"|--:|{string.Concat(Enumerable.Repeat("---|", failure.Agents.Count + 2))}";
        foreach (Row row in Rows(failure, allSteps))
            yield return $"| {row.Number} | {string.Join(" | ", Cells(row, failure.Agents.Count).Select(Escape))} | {row.Location} | {Escape(row.Roots)} |";
    }

    private static IEnumerable<string> Cells(Row row, int agents) =>
        Enumerable.Range(0, agents).Select(agent => agent == row.Agent ? row.What : "");

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>The file's extension says nothing here, and columns are short.</summary>
    private static string Short(string location) => location.Replace(".cs:", ":", StringComparison.Ordinal);

    /// <summary>What became of the roots, as <c>A 2→1 inv {vcpu0, item}</c>; and what they are is remembered for the next step.</summary>
    private static string Changes(Dictionary<string, RootView> before, IReadOnlyList<RootView> after)
    {
        if (after.Count == 0) return "";
        List<string> changes = [];
        foreach (RootView root in after)
        {
            bool known = before.TryGetValue(root.Name, out RootView? old);
            if (known && old == root) continue;
            string count = known && old!.Count != root.Count
                ? string.Create(CultureInfo.InvariantCulture, $"{old.Count}→{root.Count}")
                : root.Count.ToString(CultureInfo.InvariantCulture);
            changes.Add($"{root.Name} {count}{(root.IsInvalid ? " inv" : "")} {{{root.Holders}}}");
        }
        changes.AddRange(before.Keys.Except(after.Select(root => root.Name)).Select(gone => $"{gone} freed"));
        before.Clear();
        foreach (RootView root in after) before[root.Name] = root;
        return string.Join("; ", changes);
    }
}
