namespace Lab.Explorer.Orders;

/// <summary>The orders of the writes to one word in which that word alone is sequentially consistent and each read-modify-write
/// directly follows what it reads.</summary>
internal static class WordOrders
{
    internal static List<int[]> Of(Execution x, int location, int[] sources)
    {
        int[] accesses = [.. Enumerable.Range(0, x.Events.Length).Where(e => x.Events[e].Location == location)];
        int[] writes = [.. accesses.Where(e => x.Events[e].IsWrite)];
        List<int[]> orders = [];
        int[] order = new int[writes.Length];
        int[] place = new int[x.Events.Length];
        Extend(0);
        return orders;

        void Extend(int count)
        {
            if (count == writes.Length)
            {
                if (IsCoherent(x, accesses, sources, place)) orders.Add([.. order]);
                return;
            }
            foreach (int write in writes)
            {
                if (place[write] != 0 || !MayFollow(write, count)) continue;
                (order[count], place[write]) = (write, count + 1);
                Extend(count + 1);
                place[write] = 0;
            }
        }

        bool MayFollow(int write, int count)
        {
            int last = count == 0 ? -1 : order[count - 1];
            foreach (int other in writes)
            {
                // A write of the same thread that comes first has its place already.
                if (place[other] == 0 && other != write && x.Po[other, write]) return false;
                // Somebody's modification reads the last one and must follow it.
                if (place[other] == 0 && other != write && x.ReadPartOf(other) is >= 0 and var read && sources[read] == last)
                {
                    return false;
                }
            }
            return x.ReadPartOf(write) is not (>= 0 and var own) || sources[own] == last;
        }
    }

    /// <summary>No thread sees the word go back: each access is at, or behind, what the thread's last one saw.</summary>
    private static bool IsCoherent(Execution x, int[] accesses, int[] sources, int[] place)
    {
        int thread = -1;
        int seen = 0;
        foreach (int e in accesses)
        {
            if (x.ThreadOf(e) != thread) (thread, seen) = (x.ThreadOf(e), 0);
            if (x.Events[e].IsWrite)
            {
                if (place[e] <= seen) return false;
                seen = place[e];
            }
            else
            {
                int source = sources[e] < 0 ? 0 : place[sources[e]];
                if (source < seen) return false;
                seen = source;
            }
        }
        return true;
    }
}
