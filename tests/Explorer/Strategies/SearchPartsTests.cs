using Lab.Explorer;
using Lab.Explorer.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Parts of a strategy's search, put together, are the search: the same states, verdict and first failure, however many
/// they are.</summary>
public sealed class SearchPartsTests
{
    [Theory]
    [InlineData("mainline", "destroy", MemoryModel.Sc, Verdict.NothingFound, 64)]
    [InlineData("mainline", "fast-zap-toggle", MemoryModel.Sc, Verdict.NothingFound, 2)]
    [InlineData("mainline", "fast-zap-put", MemoryModel.Tso, Verdict.NothingFound, 64)]
    [InlineData("baseline", "recover-fault", MemoryModel.Sc, Verdict.NothingFound, 1, 7)]
    [InlineData("workqueue", "fast-zap-unmap", MemoryModel.Tso, Verdict.NothingFound, 7)]
    [InlineData("second-list-shared", "fast-zap-put", MemoryModel.Sc, Verdict.NothingFound, 1, 64)]
    [InlineData("async-put", "fast-zap-toggle", MemoryModel.Sc, Verdict.Violated, 1, 64)]
    [InlineData("requeue", "fast-zap-put", MemoryModel.Sc, Verdict.Violated, 2)]
    [InlineData("off-list", "fast-zap-unmap", MemoryModel.Tso, Verdict.Violated, 7)]
    [InlineData("mainline+unstable-slots", "unmap-update", MemoryModel.Sc, Verdict.Violated, 64)]
    [InlineData("mainline+narrow-sequence", "late-sequence", MemoryModel.Sc, Verdict.Violated, 2, 7)]
    public void Together_they_are_the_search(
        string strategy, string scenario, MemoryModel model, Verdict verdict, params int[] counts)
    {
        ExploreResult whole = Strategy.Explore(strategy, scenario, Strategy.Exhaustive with { Model = model });
        Assert.Equal(verdict, whole.Verdict);
        foreach (int count in counts)
        {
            (ExploreResult together, _) = Together(strategy, scenario, model, new SearchPart(1, count));
            AssertSame(whole, together, $"{count} parts");
        }
    }

    /// <summary>Parts that have learnt less before they begin find out on the way that more words are shared: all begin again,
    /// and come to the same.</summary>
    [Theory]
    [InlineData("baseline", "split-write", MemoryModel.Sc)]
    [InlineData("baseline", "touch-deleted", MemoryModel.Sc)]
    public void What_one_part_learns_all_have_to_know(string strategy, string scenario, MemoryModel model)
    {
        ExploreResult whole = Strategy.Explore(strategy, scenario, Strategy.Exhaustive with { Model = model });
        (ExploreResult together, int rounds) =
            Together(strategy, scenario, model, new SearchPart(1, 5) { SearchedToLearn = 0 });
        Assert.True(rounds > 1, "nothing was left to be learnt");
        AssertSame(whole, together, $"{rounds} rounds");
    }

    /// <summary>One agent reads a word in one part, another writes it in another: neither part shows that it is shared.</summary>
    [Fact]
    public void A_word_may_be_shared_though_no_part_shows_it()
    {
        Learnt reader = Of(new LearntWord(8, Agents: 1, IsWritten: false, IsShared: false, ReadLocks: 1, WriteLocks: ~0UL));
        Learnt writer = Of(new LearntWord(8, Agents: 2, IsWritten: true, IsShared: false, ReadLocks: ~0UL, WriteLocks: 2));
        Learnt guarded = Of(new LearntWord(8, Agents: 2, IsWritten: true, IsShared: false, ReadLocks: ~0UL, WriteLocks: 3));
        Assert.True(Assert.Single(SearchParts.News([Part(reader), Part(writer)])!.Words).IsShared);
        Assert.Null(SearchParts.News([Part(reader), Part(guarded)]));
        Assert.Null(SearchParts.News([Part(writer), Part(writer)]));
    }

    /// <summary>An agent that has seen the same goes on differently in another part: what the order of critical sections
    /// changes has to be looked at.</summary>
    [Fact]
    public void Two_parts_may_contradict_each_other()
    {
        Learnt learnt = Of();
        ExploreResult one = Part(learnt, (3, 1), (5, 2)), same = Part(learnt, (5, 2)), other = Part(learnt, (4, 1), (5, 1));
        Assert.Null(SearchParts.News([one, same]));
        Learnt news = SearchParts.News([one, same, other])!;
        Assert.True(news.OrdersAllLocks);
        // Once that is looked at, it is nondeterminism.
        ExploreResult[] ordered = [Part(news, (5, 2)), Part(news, (5, 1))];
        Assert.Null(SearchParts.News(ordered));
        Assert.Equal((Verdict.Uncontrollable, "nondeterministic"), (SearchParts.Merge(ordered, missing: 0).Verdict,
            SearchParts.Merge(ordered, missing: 0).Failure!.Finding.Invariant));
    }

    [Fact]
    public void What_lies_behind_a_finding_does_not_count()
    {
        Learnt learnt = Of();
        ExploreResult found = Part(learnt) with { Verdict = Verdict.Violated };
        ExploreResult late = Part(learnt) with { Part = Part(learnt).Part! with { IsVoid = true, Learnt = Of(new LearntWord(
            8, 3, true, true, 0, 0)) } };
        Assert.Null(SearchParts.News([found, late]));
        Assert.NotNull(SearchParts.News([late, found]));
    }

    [Fact]
    public void States_count_once_in_whatever_part_they_are() => Assert.Equal(5,
        SearchParts.Distinct([[1, 3, 9], [], [3, 4], [1, 9, ulong.MaxValue]]));

    /// <summary>Round by round, as units are done and gathered; those behind a finding are not done at all.</summary>
    private static (ExploreResult Result, int Rounds) Together(
        string strategy, string scenario, MemoryModel model, SearchPart how)
    {
        for (int round = 1; ; round++)
        {
            List<ExploreResult> parts = [];
            for (int number = 1; number <= how.Count && parts is not [.., { Verdict: not Verdict.NothingFound }]; number++)
            {
                parts.Add(Strategy.Explore(strategy, scenario, Strategy.Exhaustive with
                    { Model = model, Part = how with { Number = number } }));
            }
            if (SearchParts.News(parts) is not { } news) return (SearchParts.Merge(parts, missing: 0), round);
            how = how with { Known = news };
        }
    }

    private static void AssertSame(ExploreResult whole, ExploreResult together, string how)
    {
        Assert.True((whole.Verdict, whole.States, whole.IsComplete, whole.EndedEarly, whole.Bound)
            == (together.Verdict, together.States, together.IsComplete, together.EndedEarly, together.Bound),
            $"{how}: {whole.Verdict}, {whole.States} states, {whole.Bound}; {together.Verdict}, {together.States}, "
                + together.Bound);
        Assert.Equal((whole.Failure?.Finding, whole.Failure?.Replay, whole.Failure?.Preemptions),
            (together.Failure?.Finding, together.Failure?.Replay, together.Failure?.Preemptions));
        Assert.Equal(whole.Claims, together.Claims);
    }

    private static Learnt Of(params LearntWord[] words) => new(words, [], [], [], [], OrdersAllLocks: false);

    private static ExploreResult Part(Learnt learnt, params (ulong, ulong)[] programs) => new()
    {
        Verdict = Verdict.NothingFound, Executions = 1, Seconds = 0, IsComplete = true, Bound = "",
        Part = new PartFound { Model = learnt.Model, Began = "", IsVoid = false, Learnt = learnt, Programs = programs },
    };
}
