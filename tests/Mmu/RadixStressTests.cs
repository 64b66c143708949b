using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Faults and shared zaps on one root at the same time. Tallies kept by the threads are the answer that the tables must
/// agree with.</summary>
public class RadixStressTests
{
    private const int Faulters = 4;
    private const int FaultsEach = 60_000;
    private const ulong Frames = 2048;

    [Theory]
    [InlineData(ZapPasses.Root)]
    [InlineData(ZapPasses.Fine)]
    public void Every_leaf_and_table_that_faults_installed_is_zapped_once_by_two_zappers_beside_them(ZapPasses passes)
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        long installed = 0;
        int faulting = Faulters;

        void Fault(int seed)
        {
            TableCache cache = rig.Mmu.NewCache();
            Random random = new(seed);
            long mine = 0;
            for (int fault = 0; fault < FaultsEach; fault++)
            {
                MapOutcome outcome = rig.Map(cache, root, (ulong)random.NextInt64((long)Frames) + ((ulong)random.Next(2) << 27));
                Assert.NotEqual(MapOutcome.NoMemory, outcome);
                if (outcome == MapOutcome.Fixed) mine++;
            }
            cache.Drain();
            Interlocked.Add(ref installed, mine);
            Interlocked.Decrement(ref faulting);
        }

        void Zap()
        {
            do rig.ZapShared(root, passes);
            while (Volatile.Read(ref faulting) > 0);
        }

        IReadOnlyList<ActorCounters> counters = ActorThread.RunTogether(
            [.. Enumerable.Range(0, Faulters).Select(seed => (Action)(() => Fault(seed))), Zap, Zap]);

        long left = rig.Present(root, GfnRange.All);
        ActorCounters own = Actor.Current.Counters;
        (long tables, long leafs) = (own.TablesZapped, own.LeafsZapped);
        rig.ZapShared(root, passes);
        Assert.Equal(left, own.LeafsZapped - leafs);
        Assert.Equal(installed, counters.Sum(actor => actor.LeafsZapped) + left);
        Assert.Equal(counters.Sum(actor => actor.TablesInstalled),
            counters.Sum(actor => actor.TablesZapped) + own.TablesZapped - tables);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
        Assert.True(counters[^1].LeafsZapped + counters[^2].LeafsZapped > 0, "no zap met a fault: the test showed nothing");
        Assert.Empty(rig.Oracle.Violations);
    }

    [Fact]
    public void Write_protection_and_faults_beside_each_other_lose_no_leaf()
    {
        using RadixRig rig = new();
        TdpRoot root = rig.NewRoot();
        rig.MapAll(root, GfnRange.Of(0, Frames));
        // On a busy machine the faulting threads may be through before the protecting one gets a core.
        rig.WriteProtect(root, GfnRange.Of(0, Frames));
        int faulting = Faulters;
        long refaults = 0;

        void Fault(int seed)
        {
            TableCache cache = rig.Mmu.NewCache();
            Random random = new(seed);
            for (int fault = 0; fault < FaultsEach; fault++)
            {
                ulong gfn = (ulong)random.NextInt64((long)Frames);
                if (rig.Walk(root, gfn, write: true) == WalkOutcome.Ok) continue;
                if (rig.Map(cache, root, gfn) == MapOutcome.Fixed) Interlocked.Increment(ref refaults);
            }
            cache.Drain();
            Interlocked.Decrement(ref faulting);
        }

        void Protect()
        {
            do rig.WriteProtect(root, GfnRange.Of(0, Frames));
            while (Volatile.Read(ref faulting) > 0);
        }

        ActorThread.RunTogether([.. Enumerable.Range(0, Faulters).Select(seed => (Action)(() => Fault(seed))), Protect]);
        Assert.Equal((long)Frames, rig.Present(root, GfnRange.All));
        rig.WriteProtect(root, GfnRange.Of(0, Frames));
        for (ulong gfn = 0; gfn < Frames; gfn++) Assert.Equal(WalkOutcome.Fault, rig.Walk(root, gfn, write: true));
        Assert.True(refaults > 0);
        rig.ZapShared(root, ZapPasses.Root);
        Assert.Equal(0, rig.TablesLeftAfterFree(root));
    }
}
