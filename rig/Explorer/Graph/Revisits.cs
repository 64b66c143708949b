namespace Lab.Explorer.Graph;

/// <summary>When a new write may change what an older read reads. Of all ways to come to the graph that results, exactly one must
/// do it: the one in which everything that the change deletes had been added in the most recent way possible.</summary>
/// <remarks>Source: Kokologiannakis, Marmanis, Gladstein, Vafeiadis, "Truly Stateless, Optimal Dynamic Partial Order Reduction",
/// POPL 2022, section 3.</remarks>
internal static class Revisits
{
    /// <summary>True if <paramref name="write"/>, the last event and not yet in coherence order, shall be read by the older
    /// <paramref name="read"/>.</summary>
    internal static bool IsDue(ExecutionGraph graph, int read, int write)
    {
        if (!IsMaximallyAdded(graph, read, write)) return false;
        for (int e = read + 1; e < write; e++)
        {
            if (!graph.IsBefore(graph.Events[e], write) && !IsMaximallyAdded(graph, e, write)) return false;
        }
        return true;
    }

    /// <summary>The event reads, or is, the latest write among the events that were there when it was added and those the new
    /// write needs.</summary>
    private static bool IsMaximallyAdded(ExecutionGraph graph, int e, int write)
    {
        ref Event asked = ref graph.Events[e];
        int latest;
        if (asked.Kind == EventKind.Write)
        {
            if (asked.HasRevisited && IsReadByOlder(graph, e)) return false;
            latest = e;
        }
        else if (asked.Kind == EventKind.Read)
        {
            latest = asked.Source;
            if (latest > e && !graph.IsBefore(graph.Events[latest], write)) return false;
        }
        else
        {
            return true;
        }
        int[] order = graph.Writes[asked.Location];
        for (int place = graph.WriteCount[asked.Location] - 1; place > graph.PlaceOf(latest); place--)
        {
            if (order[place] <= e || graph.IsBefore(graph.Events[order[place]], write)) return false;
        }
        return true;
    }

    private static bool IsReadByOlder(ExecutionGraph graph, int write)
    {
        for (int reader = graph.Events[write].Reader; reader >= 0; reader = graph.Events[reader].NextReader)
        {
            if (reader < write) return true;
        }
        return false;
    }
}
