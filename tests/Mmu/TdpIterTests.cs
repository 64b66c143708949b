using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public unsafe class TdpIterTests
{
    [Theory]
    [InlineData(PageLevel.Size4K)]
    [InlineData(PageLevel.Size2M)]
    [InlineData(PageLevel.Size1G)]
    [InlineData(PageLevel.Size512G)]
    public void Visits_every_entry_of_a_sparse_tree_once_and_in_pre_order(PageLevel minLevel)
    {
        using TableTree tree = TableTree.Random(seed: (int)minLevel);
        Assert.Equal(tree.PreOrder(minLevel, GfnRange.All), Visits(tree, minLevel, GfnRange.All));
    }

    [Theory]
    [InlineData(0UL, 1UL)]
    [InlineData(5UL, 5UL)]
    [InlineData(511UL, 2UL)]
    [InlineData(512UL, 512UL)]
    [InlineData(700UL, 300_000UL)]
    [InlineData(1UL << 27, 1UL << 27)]
    [InlineData((1UL << 27) - 1, 2UL)]
    [InlineData((1UL << 36) - 1, 1UL)]
    public void Visits_exactly_the_entries_that_overlap_a_half_open_range(ulong start, ulong frames)
    {
        using TableTree tree = TableTree.Random(seed: 11);
        GfnRange range = GfnRange.Of(start, frames);
        for (PageLevel minLevel = PageLevel.Size4K; minLevel <= PageLevel.Size512G; minLevel++)
        {
            Assert.Equal(tree.PreOrder(minLevel, range), Visits(tree, minLevel, range));
        }
    }

    [Fact]
    public void An_empty_range_at_a_table_border_is_over_at_once()
    {
        using TableTree tree = TableTree.Random(seed: 3);
        Assert.False(tree.Iterate(PageLevel.Size4K, GfnRange.Of(0, 0)).Valid);
    }

    [Theory]
    [InlineData(PageLevel.Size4K, 1)]
    [InlineData(PageLevel.Size2M, 2)]
    [InlineData(PageLevel.Size1G, 3)]
    [InlineData(PageLevel.Size512G, 4)]
    public void Yielding_before_each_entry_skips_none_although_others_change_the_tree(PageLevel minLevel, int seed)
    {
        using TableTree tree = TableTree.Random(seed);
        List<Visit> expected = tree.Leafs(minLevel);
        // What others add lies behind the walk and what they cut is empty by then: what is to be zapped stays the same.
        int changes = 0;
        List<Visit> zapped = Zap(tree, minLevel, advancesAfterRestart: false, atYield: goal =>
        {
            if (goal >> 27 == 0 || ++changes > 40) return;
            tree.Cut(0, PageLevel.Size512G);
            tree.MapLeaf(goal & 511, PageLevel.Size4K);
        });
        Assert.Equal(expected, zapped);
        Assert.True(changes > 40);
    }

    [Fact]
    public void An_iterator_that_advances_after_the_restart_would_skip_top_level_entries()
    {
        // CVE-2021-47094, made with the true iterator and one step too many: the test above would notice.
        using TableTree tree = TableTree.Random(seed: 4);
        List<Visit> expected = tree.Leafs(minLevel: PageLevel.Size512G);
        List<Visit> zapped = Zap(tree, minLevel: PageLevel.Size512G, advancesAfterRestart: true, atYield: _ => { });
        Assert.NotEqual(expected, zapped);
        Assert.NotEmpty(tree.Leafs(minLevel: PageLevel.Size512G));
    }

    [Fact]
    public void The_entry_before_which_the_walk_yielded_is_the_next_one_it_stops_at()
    {
        using TableTree tree = TableTree.Random(seed: 5);
        foreach (Visit goal in tree.PreOrder(PageLevel.Size4K,
            GfnRange.All).Where(visit => visit.Level == PageLevel.Size4K && visit.Gfn % 13 == 0))
        {
            TdpIter<Metal, FourLevels> iter = tree.Iterate(PageLevel.Size4K, GfnRange.All);
            while (iter.Gfn.Value != goal.Gfn || iter.Level != PageLevel.Size4K) iter.Next();
            iter.MarkYielded();
            Assert.True(iter.Yielded);
            iter.Next();
            Assert.False(iter.Yielded);
            Assert.Equal(TableTree.RootLevel, iter.Level);
            for (PageLevel level = TableTree.RootLevel; level > PageLevel.Size4K; level--)
            {
                Assert.Equal(goal.Gfn & ~(Gfn.FramesPerSpte(level) - 1), iter.Gfn.Value);
                iter.Next();
            }
            Assert.Equal(goal, new Visit(iter.Level, iter.Gfn.Value));
        }
    }

    [Fact]
    public void After_its_table_was_cut_away_during_a_yield_the_walk_goes_on_behind_it()
    {
        using TableTree tree = new();
        tree.MapLeaf(5, PageLevel.Size4K);
        tree.MapLeaf(9, PageLevel.Size4K);
        tree.MapLeaf(512, PageLevel.Size4K);
        TdpIter<Metal, FourLevels> iter = tree.Iterate(PageLevel.Size4K, GfnRange.All);
        while (iter.Gfn.Value != 5 || iter.Level != PageLevel.Size4K) iter.Next();
        tree.Cut(0, PageLevel.Size2M);
        iter.MarkYielded();
        List<ulong> leafs = [];
        for (iter.Next(); iter.Valid; iter.Next())
        {
            if (iter.Level == PageLevel.Size4K && Spte.IsPresent(iter.OldSpte)) leafs.Add(iter.Gfn.Value);
        }
        Assert.Equal([512UL], leafs);
    }

    [Fact]
    public void Progress_is_a_goal_that_moved_since_the_last_yield_and_stepping_down_is_none()
    {
        using TableTree tree = new();
        tree.MapLeaf(0, PageLevel.Size4K);
        TdpIter<Metal, FourLevels> iter = tree.Iterate(PageLevel.Size4K, GfnRange.All);
        Assert.False(iter.MadeProgress);
        for (PageLevel level = TableTree.RootLevel; level > PageLevel.Size4K; level--)
        {
            iter.Next();
            Assert.False(iter.MadeProgress);
        }
        iter.Next();
        Assert.True(iter.MadeProgress);
        iter.MarkYielded();
        Assert.False(iter.MadeProgress);
        for (PageLevel level = TableTree.RootLevel; level >= PageLevel.Size4K; level--)
        {
            iter.Next();
            Assert.False(iter.MadeProgress);
        }
        iter.Next();
        Assert.True(iter.MadeProgress);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(3, 200)]
    [InlineData(0, 511)]
    [InlineData(510, 511)]
    public void Skipping_to_an_entry_equals_as_many_steps(int from, int to)
    {
        using TableTree tree = TableTree.Random(seed: 6);
        tree.MapLeaf(0, PageLevel.Size4K);
        for (ulong gfn = 0; gfn < 512; gfn += 3) tree.MapLeaf(gfn, PageLevel.Size4K);
        TdpIter<Metal, FourLevels> stepped = tree.Iterate(PageLevel.Size4K, GfnRange.All);
        while (stepped.Level != PageLevel.Size4K || stepped.Gfn.Value != (ulong)from) stepped.Next();
        TdpIter<Metal, FourLevels> skipped = stepped;
        for (int step = from; step < to; step++) stepped.Next();
        skipped.SkipTo(to);
        while (true)
        {
            Assert.Equal(new Visit(stepped.Level, stepped.Gfn.Value), new Visit(skipped.Level, skipped.Gfn.Value));
            Assert.Equal(stepped.OldSpte, skipped.OldSpte);
            Assert.Equal(stepped.Goal, skipped.Goal);
            Assert.Equal((nint)stepped.Sptep, (nint)skipped.Sptep);
            Assert.Equal(stepped.Valid, skipped.Valid);
            if (!stepped.Valid || stepped.Gfn.Value >= 2048) break;
            stepped.Next();
            skipped.Next();
        }
    }

    private static List<Visit> Visits(TableTree tree, PageLevel minLevel, GfnRange range)
    {
        List<Visit> visits = [];
        for (TdpIter<Metal, FourLevels> iter = tree.Iterate(minLevel, range); iter.Valid; iter.Next())
        {
            visits.Add(new Visit(iter.Level, iter.Gfn.Value));
        }
        return visits;
    }

    /// <summary>The loop of a zap at one granularity that yields before every entry it may yield before.</summary>
    private static List<Visit> Zap(TableTree tree, PageLevel minLevel, bool advancesAfterRestart, Action<ulong> atYield)
    {
        List<Visit> zapped = [];
        TdpIter<Metal, FourLevels> iter = tree.Iterate(minLevel, GfnRange.All);
        while (iter.Valid)
        {
            if (iter.MadeProgress)
            {
                atYield(iter.Goal.Value);
                iter.MarkYielded();
                iter.Next();
                if (advancesAfterRestart) iter.Next();
                continue;
            }
            if (Spte.IsPresent(iter.OldSpte) && (iter.Level == minLevel || Spte.IsLeaf(iter.OldSpte, iter.Level)))
            {
                *iter.Sptep = Spte.NonPresent;
                zapped.Add(new Visit(iter.Level, iter.Gfn.Value));
            }
            iter.Next();
        }
        return zapped;
    }
}
