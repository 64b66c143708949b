using System.Globalization;

namespace Lab.Explorer.Strategies;

/// <summary>Puts the parts of a strategy's search together.</summary>
public static class SearchParts
{
    /// <summary>What parts have to know that were explored without knowing it, all of them or each by itself; null if they knew
    /// all that there is to know. They are void then, and are to be explored again.</summary>
    /// <param name="parts">Of one search, in its order, that began with the same; what lies behind a finding does not
    /// count.</param>
    public static Learnt? News(IReadOnlyList<ExploreResult> parts)
    {
        PartFound[] found = [.. UpToFinding(parts).Select(part => part.Part).OfType<PartFound>()];
        if (found.Length == 0) return null;
        // A void part knows what it began with, and more; all began with the same words in the same order.
        Learnt begun = found[0].Learnt;
        Learnt all = begun.With(found.Skip(1).Select(part => part.Learnt));
        bool contradict = !all.OrdersAllLocks && Contradict(found.Select(part => part.Programs));
        if (!contradict && found.All(part => !part.IsVoid) && all.Model == found[0].Model) return null;
        return contradict ? all with { OrdersAllLocks = true } : all;
    }

    /// <summary>What the whole search would have found: it ends at the first part with a finding.</summary>
    /// <param name="parts">In the order of the search, of one model.</param>
    /// <param name="missing">Parts that are not among them.</param>
    public static ExploreResult Merge(IReadOnlyList<ExploreResult> parts, int missing)
    {
        ExploreResult[] counted = [.. UpToFinding(parts)];
        ExploreResult last = counted[^1];
        bool isFound = last.Verdict != Verdict.NothingFound;
        if (!isFound && Contradict(counted.Select(part => part.Part?.Programs ?? [])))
        {
            return last with
            {
                Verdict = Verdict.Uncontrollable, IsComplete = false, Failure = new Failure(new Finding("nondeterministic",
                    "Code under exploration that sees the same does the same.",
                    "in two parts of the search an agent that had seen the same went on differently"), [], [], 0, "", false,
                    false),
            };
        }
        ExploreResult? open = counted.FirstOrDefault(part => part.EndedEarly);
        bool isComplete = !isFound && missing == 0 && open is null;
        return (open ?? last) with
        {
            Verdict = last.Verdict,
            Failure = last.Failure,
            Executions = counted.Sum(part => part.Executions),
            Cut = counted.Sum(part => part.Cut),
            Steps = counted.Sum(part => part.Steps),
            States = Distinct(counted.Select(part => part.Part?.States ?? [])),
            Seconds = counted.Sum(part => part.Seconds),
            IsComplete = isComplete,
            EndedEarly = !isFound && !isComplete,
            Claims = [.. counted.SelectMany(part => part.Claims).Distinct()
                .OrderBy(claim => claim.Invariant, StringComparer.Ordinal)],
            Bound = isFound ? last.Bound : missing > 0 ? string.Create(CultureInfo.InvariantCulture,
                $"{parts.Count} of {parts.Count + missing} parts{StrategyExplorer.Because}{missing} have no answer yet")
                : open?.Bound ?? "all schedules",
        };
    }

    /// <summary>How many different numbers there are in ascending lists.</summary>
    public static long Distinct(IEnumerable<IEnumerable<ulong>> lists)
    {
        long count = 0;
        ulong? before = null;
        foreach (ulong one in Merged(lists, one => one))
        {
            if (one != before) count++;
            before = one;
        }
        return count;
    }

    private static IEnumerable<ExploreResult> UpToFinding(IReadOnlyList<ExploreResult> parts) =>
        parts.Take(parts.TakeWhile(part => part.Verdict == Verdict.NothingFound).Count() + 1);

    private static bool Contradict(IEnumerable<IEnumerable<(ulong Seen, ulong Next)>> programs)
    {
        (ulong Seen, ulong Next)? before = null;
        foreach ((ulong Seen, ulong Next) one in Merged(programs, one => one.Seen))
        {
            if (one.Seen == before?.Seen && one.Next != before?.Next) return true;
            before = one;
        }
        return false;
    }

    private static IEnumerable<T> Merged<T>(IEnumerable<IEnumerable<T>> lists, Func<T, ulong> key)
    {
        PriorityQueue<IEnumerator<T>, ulong> next = new();
        foreach (IEnumerable<T> list in lists)
        {
            IEnumerator<T> one = list.GetEnumerator();
            if (one.MoveNext()) next.Enqueue(one, key(one.Current));
            else one.Dispose();
        }
        while (next.TryDequeue(out IEnumerator<T>? first, out _))
        {
            yield return first.Current;
            if (first.MoveNext()) next.Enqueue(first, key(first.Current));
            else first.Dispose();
        }
    }
}
