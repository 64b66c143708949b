using Lab.Explorer.Graph;

namespace Lab.Explorer;

/// <summary>Cuts an optimal search into slices, and puts together what was found in them.</summary>
public static class SearchSlices
{
    /// <summary>So many places per slice, since what lies below them differs in size.</summary>
    private const int PlacesPerSlice = 16;

    /// <summary>Ends the looking for more places.</summary>
    private const int PlacesMax = 100_000;

    /// <summary>A place behind all that there are.</summary>
    private static SearchPlace Behind { get; } = new([int.MaxValue]);

    /// <summary>So many slices, in the order of the walk; the last ones of a small search are empty. Walks through the upper
    /// levels of the search, one more each time, until there are places enough.</summary>
    /// <param name="program">As for <see cref="Explore.Check"/>.</param>
    /// <param name="settings">Of the search.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellation">Ends it with the places found until then.</param>
    /// <exception cref="NotSupportedException">The model is weaker than x86-TSO: its search is no walk.</exception>
    public static IReadOnlyList<SearchSlice> Cut(
        Action<Scene> program, ExploreSettings settings, int count, CancellationToken cancellation = default)
    {
        ScheduledModels.RequireParts(settings.Model);
        SearchPlace[] places = [SearchPlace.Start];
        for (int depth = 1; !cancellation.IsCancellationRequested; depth++)
        {
            WalkedSlice walk = new(SearchSlice.Whole, depth);
            ExploreResult upper = Explore.Walk(program, settings, walk, cancellation);
            // The slices themselves will say what is wrong with code that cannot be explored.
            if (upper.Verdict == Verdict.Uncontrollable) break;
            SearchPlace[] open = [.. walk.Frontier.Where(one => one.IsOpen).Select(one => one.Place)];
            if (open.Length >= places.Length) places = open;
            if (open.Length == 0)
            {
                // It has been walked through: every place is known.
                places = [.. walk.Frontier.Select(one => one.Place)];
                break;
            }
            if (open.Length >= PlacesPerSlice * count || walk.Frontier.Count > PlacesMax) break;
        }
        SearchPlace[] cuts = [.. Enumerable.Range(1, count - 1).Select(number => places.Length >= count
            ? places[(int)((long)number * places.Length / count)] : number < places.Length ? places[number] : Behind)];
        return [.. cuts.Prepend(SearchPlace.Start).Zip([.. cuts.Select(cut => (SearchPlace?)cut), null],
            (from, before) => new SearchSlice(from, before))];
    }

    /// <summary>What the whole search would have found: it ends at the first slice with a finding, and what comes behind is not
    /// counted.</summary>
    /// <param name="parts">Of the slices, in their order.</param>
    /// <param name="isWhole">These are all.</param>
    public static ExploreResult Merge(IReadOnlyList<ExploreResult> parts, bool isWhole = true)
    {
        int before = parts.TakeWhile(part => part.Verdict == Verdict.NothingFound).Count();
        ExploreResult[] counted = [.. parts.Take(before + 1)];
        ExploreResult last = counted[^1];
        long executions = counted.Sum(part => part.Executions), cut = counted.Sum(part => part.Cut);
        bool isFound = last.Verdict != Verdict.NothingFound;
        ExploreResult? open = counted.FirstOrDefault(part => part.EndedEarly && !part.HasLeftOutTurns);
        return SearchReport.AsWhole((isFound ? last : open ?? counted.FirstOrDefault(part => part.HasLeftOutTurns) ?? last) with
        {
            Executions = executions,
            Cut = cut,
            Steps = counted.Sum(part => part.Steps),
            Violations = counted.Sum(part => part.Violations),
            Seconds = counted.Sum(part => part.Seconds),
            IsComplete = counted.All(part => part.IsComplete),
            EndedEarly = !isFound && counted.Any(part => part.EndedEarly),
            HasLeftOutTurns = counted.Any(part => part.HasLeftOutTurns),
            Outcomes = counted.SelectMany(part => part.Outcomes).GroupBy(one => one.Key, one => one.Value)
                .ToDictionary(one => one.Key, one => one.Sum()),
            Bound = last.Verdict == Verdict.Violated && !last.IsComplete
                ? SearchReport.Stopped(executions, SearchReport.FoundOne) : (open ?? last).Bound,
        }, isFinished: isWhole && open is null);
    }
}
