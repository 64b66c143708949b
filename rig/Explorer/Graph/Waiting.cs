using Lab.Explorer.Seam;

namespace Lab.Explorer.Graph;

/// <summary>Whether the threads that wait at the end of an execution wait for something that can still come.</summary>
internal static class Waiting
{
    /// <summary>Stands for the words of a thread that was not followed to the point where it waits.</summary>
    internal static readonly int[] Unknown = [-1];

    /// <summary>What is wrong if every thread that has not ended waits for a word whose last value it has seen; null if one of
    /// them would have gone on had it looked later, which is another execution.</summary>
    internal static Finding? FindStuck(ExecutionGraph graph, Locations locations, IReadOnlyList<string> names)
    {
        bool areAllLocks = true;
        List<string> waits = [];
        for (int thread = 0; thread < graph.Threads; thread++)
        {
            if (graph.States[thread] != ThreadState.Blocked) continue;
            int[] words = graph.WaitsFor[thread];
            if (ReferenceEquals(words, Unknown)) return null;
            areAllLocks &= words.Length == 0;
            if (words.Length == 0) words = [graph.Events[graph.LastOf(thread)].Location];
            foreach (int word in words) if (!HasSeenLast(graph, thread, word)) return null;
            waits.Add($"{names[thread]} waits for {string.Join(" or ", words.Select(word => Describe(graph, locations, word)))}");
        }
        string what = $"{string.Join("; ", waits)}; nobody else can continue.";
        return areAllLocks
            ? new Finding("deadlock", "Threads do not wait for each other forever.", what)
            : new Finding("lost wake-up", "What a thread waits for comes.", what);
    }

    private static string Describe(ExecutionGraph graph, Locations locations, int word)
    {
        int last = graph.LastWrite(word);
        ulong value = last < 0 ? locations.InitialOf(word) : graph.Events[last].Value;
        return word < locations.WordCount ? $"{locations.NameOf(word)} to change from {value}" : locations.NameOf(word);
    }

    private static bool HasSeenLast(ExecutionGraph graph, int thread, int word)
    {
        int last = graph.LastWrite(word);
        for (int index = graph.CountOf[thread] - 1; index >= 0; index--)
        {
            int id = graph.EventsOf[thread][index];
            ref Event e = ref graph.Events[id];
            if (e.Location != word) continue;
            if (e.Kind == EventKind.Write) return id == last;
            if (e.Kind == EventKind.Read) return e.Source == last;
        }
        return false;
    }
}
