using Lab.Explorer;
using Lab.Explorer.Strategies;
using Lab.Strategies;
using Xunit;

namespace Lab.Tests.Explorer.Strategies;

/// <summary>Ageing schemes on the scenarios of their family (reference 10; invariants I20, I29, I30).</summary>
public sealed class AgeingVariantTests
{
    public static TheoryData<string, string, MemoryModel> SoundOnEach()
    {
        TheoryData<string, string, MemoryModel> rows = [];
        foreach (Member ageing in Catalogue.Ageings.Where(one => !one.IsBroken))
        {
            foreach ((string scenario, string _) in Catalogue.AgeingScenarios)
            {
                rows.Add(ageing.Name, scenario, MemoryModel.Sc);
            }
        }
        // Where a relaxed access is the scheme's own, stores may also come late.
        foreach (string scenario in (string[])["age-fault", "age-fast-zap", "two-passes"])
        {
            rows.Add("rmap-lock", scenario, MemoryModel.Tso);
        }
        return rows;
    }

    [Theory]
    [MemberData(nameof(SoundOnEach))]
    public void A_sound_scheme_is_explored_to_the_end(string ageing, string scenario, MemoryModel model) =>
        Strategy.AssertNothing(Explore(ageing, scenario, model));

    [Theory]
    [InlineData("read-modify-store", "age-unmap", "I20")]
    [InlineData("rmap-plain-unlock", "age-shared-page", "I29")]
    [InlineData("rmap-relaxed-reader", "age-shared-page", "I29")]
    [InlineData("rmap-lock-empty", "age-first-fault", "I29")]
    [InlineData("rmap-stale-head", "age-shared-page", "I29")]
    [InlineData("rmap-kept-locked", "test-unmap", "I29")]
    [InlineData("rmap-unlocked-writer", "age-shared-page", "I29")]
    [InlineData("lockless-no-rcu", "age-fast-zap", "I30")]
    public void A_broken_scheme_is_rejected(string ageing, string scenario, string finding) =>
        Strategy.AssertViolated(Explore(ageing, scenario, MemoryModel.Sc), finding);

    /// <summary>One SPTE alone needs no descriptor: what is read under the lock is the head itself.</summary>
    [Fact]
    public void Without_a_chain_a_relaxed_unlock_loses_no_order() =>
        Strategy.AssertNothing(Explore("rmap-relaxed-reader", "age-unmap", MemoryModel.Sc));

    [Fact]
    public void What_races_is_named_with_both_sides() =>
        Assert.Matches(@"^host writes desc0\S+, which ager read under a lock that it left without release",
            Strategy.AssertViolated(Explore("rmap-relaxed-reader", "age-shared-page", MemoryModel.Sc), "I29").Finding.What);

    private static ExploreResult Explore(string ageing, string scenario, MemoryModel model) =>
        StrategyExplorer.Explore($"mainline+{ageing}", Strategy.Named($"mainline+{ageing}"),
            Strategy.ScenarioOf(scenario), Strategy.Exhaustive with { Model = model }, observer: null,
            TestContext.Current.CancellationToken);
}
