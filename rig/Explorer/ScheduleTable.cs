using System.Globalization;
using Lab.Settings;

namespace Lab.Explorer;

/// <summary>A failing schedule as a table: a column per thread, a row per step in order, where in the source it is, and the roots
/// where a step changed them.</summary>
public static class ScheduleTable
{
    private const int AgentWidthMin = 14;
    private const int AgentWordMax = 24;
    private const int LocationWidthMax = 18;
    private const int RootsWidthMax = 20;
    private const int RootsWidthMin = 5;
    private const int LinesMax = 3;

    /// <summary>One shown step.</summary>
    public sealed record Row(int Number, int Agent, string What, string Location, string Roots);

    /// <summary>The steps to show: all, or the notable ones, those that change a root, and the last, which is the wrong
    /// one.</summary>
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

    /// <summary>Plain text; eighty columns hold two threads, each further one may make it wider. An empty line is a switch to
    /// another thread. What would be many lines in its column goes across all of them.</summary>
    public static IEnumerable<string> Text(Failure failure, bool allSteps)
    {
        IReadOnlyList<Row> rows = Rows(failure, allSteps);
        int[] agents = Shown(rows);
        int number = rows[^1].Number.ToString(CultureInfo.InvariantCulture).Length;
        int location = Math.Min(LocationWidthMax, Math.Max(2, rows.Max(row => Short(row.Location).Length)));
        int longestRoots = rows.Max(row => row.Roots.Length);
        int roots = Math.Clamp(longestRoots, RootsWidthMin, RootsWidthMax);
        int left = TextGrid.Width - number - location - roots - (agents.Length + 2) * TextGrid.Gap.Length;
        // Names, as those of locks, stay whole.
        int word = rows.SelectMany(row => row.What.Split(' ')).Max(one => Math.Min(one.Length, AgentWordMax));
        int agent = Math.Max(Math.Max(AgentWidthMin, word), left / agents.Length);
        int widest = Math.Max(rows.Select(row => row.What.Length).Where(length => length <= LinesMax * agent).DefaultIfEmpty()
            .Max(), agents.Max(one => failure.Agents[one].Length));
        if (widest < agent)
        {
            roots = Math.Min(roots + (agent - widest) * agents.Length, Math.Max(roots, longestRoots));
            agent = widest;
        }
        TextGrid grid = new(["#", .. agents.Select(one => failure.Agents[one]), "at", "roots"],
            [number, .. Enumerable.Repeat(agent, agents.Length), location, roots]);
        int last = rows[0].Agent;
        foreach (Row row in rows)
        {
            if (row.Agent != last) grid.AddEmpty();
            last = row.Agent;
            bool isLong = row.What.Length > LinesMax * agent;
            string shown = row.Number.ToString(CultureInfo.InvariantCulture).PadLeft(number);
            if (isLong) grid.AddAcross($"{shown}{TextGrid.Gap}{failure.Agents[row.Agent]}: ", row.What, TextGrid.Width);
            if (!isLong || row.Location.Length + row.Roots.Length > 0)
            {
                grid.Add([isLong ? "" : shown, .. isLong ? agents.Select(_ => "") : Cells(row, agents), Short(row.Location),
                    row.Roots]);
            }
        }
        return grid.Lines;
    }

    /// <summary>Threads that do something that is shown; the others have no column.</summary>
    public static int[] Shown(IReadOnlyList<Row> rows) => [.. rows.Select(row => row.Agent).Distinct().Order()];

    /// <summary>What the step does, in its thread's column.</summary>
    public static IEnumerable<string> Cells(Row row, int[] agents) => agents.Select(agent => agent == row.Agent ? row.What : "");

    /// <summary>The file's extension says nothing here, and columns are short.</summary>
    private static string Short(string location) => location.Replace(".cs:", ":", StringComparison.Ordinal);

    /// <summary>What became of the roots, as <c>A 2→1 inv {vcpu0, item}</c>; and what they are is remembered for the next
    /// step.</summary>
    private static string Changes(Dictionary<string, RootView> before, IReadOnlyList<RootView> after)
    {
        List<string> changes = [];
        foreach (RootView root in after)
        {
            bool known = before.TryGetValue(root.Name, out RootView? old);
            if (known && old == root) continue;
            string count = known && old!.Count != root.Count
                ? string.Create(CultureInfo.InvariantCulture, $"{old.Count}→{root.Count}")
                : root.Count.ToString(CultureInfo.InvariantCulture);
            changes.Add($"{root.Name} {count}{(root.IsInvalid ? " inv" : "")} {{{root.Holders}}}");
            before[root.Name] = root;
        }
        return string.Join("; ", changes);
    }
}
