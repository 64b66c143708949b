using Lab.Explorer.Orders;

namespace Lab.Explorer.Candidates;

/// <summary>An execution that breaks a program and that its memory model allows: no order of steps, but who reads from whom and
/// in which order stores reach each word.</summary>
/// <param name="Model">The memory model.</param>
/// <param name="Drawn">The events with their arrows, and the cycle that a sequentially consistent machine does not have.</param>
public sealed record FailingExecution(MemoryModel Model, DrawnExecution Drawn)
{
    /// <summary>Smallest sets of stronger orders with which nothing is wrong any more, in words of the code; those that cost
    /// least first.</summary>
    public IReadOnlyList<string> Fixes { get; init; } = [];

    /// <summary>What else there is to know about it: that no order forbids it, or on what the verdict rests.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>The events, a column per thread, a row per event in program order.</summary>
    /// <param name="threads">Names of the threads.</param>
    /// <param name="most">Width of a line; where columns need more, each thread has lines of its own.</param>
    public IEnumerable<string> Table(IReadOnlyList<string> threads, int most)
    {
        const string Gap = "   ";
        string[][] columns = [.. threads.Select((name, thread) => (string[])
            [name, .. Drawn.Events.Where(e => e.Thread == thread).Select(Cell)])];
        int[] widths = [.. columns.Select(column => column.Max(cell => cell.Length))];
        if (widths.Sum() + Gap.Length * (widths.Length - 1) > most)
        {
            return columns.SelectMany(column => column.Skip(1).Select(cell => "  " + cell).Prepend(column[0] + ":"));
        }
        return Enumerable.Range(0, columns.Max(column => column.Length)).Select(row => string.Join(Gap,
            columns.Select((column, index) => (row < column.Length ? column[row] : "").PadRight(widths[index]))).TrimEnd());
    }

    /// <summary>Arrows, the cycle and why the model does not forbid it, what would, and notes; a line each.</summary>
    public IEnumerable<string> Conclusions()
    {
        foreach (string name in (string[])["rf", "co", "fr"])
        {
            string arrows =
                string.Join(", ", Drawn.Edges.Where(edge => edge.Name == name).Select(edge => $"{edge.From}→{edge.To}"));
            if (arrows.Length > 0) yield return $"{name}: {arrows}";
        }
        string model = MemoryModels.NameOf(Model);
        yield return Drawn.Cycle.Count == 0 ? "no cycle: the execution is sequentially consistent"
            : $"cycle: {DrawnExecution.Chain(Drawn.Cycle)}; {model} allows it: not all of it is an order that {model} keeps";
        foreach ((int index, string fix) in Fixes.Index())
        {
            yield return $"{(index == 0 ? "it would be forbidden with" : "or with")} {fix}";
        }
        foreach (string note in Notes) yield return note;
    }

    /// <summary>An event and where in the code it is made.</summary>
    public static string Cell(DrawnEvent e) => $"{e.Label}: {e.Text}{(e.Place is { } place ? $" ({place})" : "")}";
}
