using System.Globalization;
using Lab.Explorer.Agents;

namespace Lab.Explorer.Strategies;

/// <summary>A part of the search of all schedules. Every process that explores a part of it learns the same, cuts the search at
/// the same places, and takes those that are its own.</summary>
internal sealed partial class StrategyRun
{
    /// <summary>So many places per part, since what lies below them differs in size.</summary>
    private const int PlacesPerPart = 16;

    /// <summary>Ends the looking for more places than there are parts.</summary>
    private const int PlacesMax = 100_000;

    /// <summary>Levels without more places after which there will be no more: the ways of a small search come together
    /// again.</summary>
    private const int LevelsInVain = 8;

    /// <summary>What the part has taught beyond what it began with; null for nothing.</summary>
    private Learnt? _news;

    /// <summary>What was known when the part failed.</summary>
    private Learnt? _seen;

    /// <summary>Of a part of a search that was over before it was cut.</summary>
    private PartFound Nothing
    {
        get
        {
            Learnt learnt = _agents.Learnt;
            string began = settings.Part?.Known?.Model ?? "";
            return new PartFound { Model = learnt.Model, Began = began, IsVoid = false, Learnt = learnt };
        }
    }

    private ExploreResult ExplorePart(SearchPart part)
    {
        if (part.Known is { } known) _agents.Know(known);
        else LearnBySearching(part.SearchedToLearn);
        (int depth, long places) = Cut(part.Count);
        long from = places * (part.Number - 1) / part.Count, before = places * part.Number / part.Count;
        Learnt begun = _agents.Learnt;
        SearchCeiling ceiling = new(depth, from, part.Number == part.Count ? long.MaxValue : before);
        string which = string.Create(CultureInfo.InvariantCulture, $"part {part.Number} of {part.Count} of all schedules");
        (bool exhausted, StateSearch? search) = turn.HasPassed ? (false, null) : from == before ? (true, null)
            : Search(SearchBound.None, which, long.MaxValue, ceiling);
        ulong[] states = Sorted(search?.Met ?? []);
        PartFound found = new()
        {
            Model = begun.Model, Began = part.Known?.Model ?? "", IsVoid = _news is not null,
            Learnt = _news ?? _seen ?? _agents.Learnt, States = states,
            Programs = [.. _agents.Programs.OrderBy(one => one.Seen)],
        };
        _states = states.Length;
        if (_found is not null) return Failed("all schedules") with { Part = found };
        string bound = exhausted ? which : _news is not null ? $"{which}: stopped{StrategyExplorer.Because}more words turned out "
            + "to be shared, and all parts have to know that" : $"not all of {which}: stopped{StrategyExplorer.Because}"
            + (search is null ? turn.Reason : Why(search));
        return Result(Verdict.NothingFound, exhausted, bound, null) with { Part = found };
    }

    /// <summary>Goes as far as the search of one machine would by itself, up to a number of executions or a failure; what is
    /// found is found again.</summary>
    private void LearnBySearching(int executions)
    {
        StateSearch search = new(SearchBound.None);
        for (int number = 0; number < executions && !turn.HasPassed; number++)
        {
            search.BeginExecution();
            ExecutionEnd end = program.Execute(search);
            if (TakesNews()) search = new StateSearch(SearchBound.None);
            else if (search.Diverged || end == ExecutionEnd.Violated || !search.MoveOn(_agents, end)) return;
        }
    }

    /// <summary>A depth at which there are places enough, or as many as there are.</summary>
    private (int Depth, long Places) Cut(int count)
    {
        if (count == 1) return (0, 1);
        long enough = Math.Max(count, Math.Min((long)PlacesPerPart * count, PlacesMax));
        (int Depth, long Places) best = (0, 1);
        for (int depth = 1; ; depth++)
        {
            SearchCeiling ceiling = new(depth, long.MaxValue, long.MaxValue);
            if (!GoesAbove(new StateSearch(SearchBound.None) { Ceiling = ceiling }))
            {
                (best, depth) = ((0, 1), 0);
                continue;
            }
            if (ceiling.Places > best.Places) best = (depth, ceiling.Places);
            if (ceiling.OpenPlaces == 0 || best.Places >= enough || depth >= best.Depth + LevelsInVain || turn.HasPassed)
            {
                return best;
            }
        }
    }

    /// <summary>False if that has taught something: other words, other places.</summary>
    private bool GoesAbove(StateSearch search)
    {
        int numbered = _agents.NumberedCount;
        while (!turn.HasPassed)
        {
            search.BeginExecution();
            ExecutionEnd end = program.Execute(search);
            if (TakesNews() || _agents.NumberedCount != numbered) return false;
            if (search.Diverged) break;
            search.IsOwn(end);
            if (!search.MoveOn(_agents, end)) break;
        }
        return true;
    }

    private static ulong[] Sorted(IReadOnlyCollection<ulong> states)
    {
        ulong[] sorted = [.. states];
        Array.Sort(sorted);
        return sorted;
    }
}
