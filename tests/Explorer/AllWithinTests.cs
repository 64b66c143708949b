using Lab.Explorer;
using Lab.Explorer.Sampling;
using Lab.Explorer.Schedules;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>What the minimiser proves minimality with visits each schedule once, and all of them.</summary>
public sealed class AllWithinTests
{
    [Theory]
    [InlineData(2, 2, 99, 6)]
    [InlineData(3, 3, 99, 1680)]
    [InlineData(2, 8, 99, 12_870)]
    [InlineData(3, 3, 0, 6)]
    [InlineData(2, 3, 1, 6)]
    [InlineData(2, 3, 2, 14)]
    public void Interleavings_of_counters_are_counted(int threads, int adds, int preemptionsMax, int expected)
    {
        using SampledProgram program = SampledProgram.Counters(threads, adds);
        Assert.Equal(expected, Count(program, threads, preemptionsMax, MemoryModel.Sc, out _));
    }

    [Theory]
    [InlineData(MemoryModel.Sc, "01 10 11")]
    [InlineData(MemoryModel.Tso, "00 01 10 11")]
    public void Store_buffering_has_all_of_its_outcomes(MemoryModel model, string expected)
    {
        using SampledProgram program = SampledProgram.StoreBuffering();
        _ = Count(program, 2, 99, model, out SortedSet<string> outcomes);
        Assert.Equal(expected, string.Join(' ', outcomes));
    }

    [Fact]
    public void Message_passing_is_in_order_under_tso()
    {
        using SampledProgram program = new(scene =>
        {
            Word data = scene.Word("data");
            Word flag = scene.Word("flag");
            ulong f = 0, d = 0;
            scene.Thread("writer", m =>
            {
                m.Store(ref data.Value, 1);
                m.Store(ref flag.Value, 1);
            });
            scene.Thread("reader", m =>
            {
                f = m.Load(ref flag.Value);
                d = m.Load(ref data.Value);
            });
            scene.Outcome(() => $"{f}{d}");
        });
        _ = Count(program, 2, 99, MemoryModel.Tso, out SortedSet<string> outcomes);
        Assert.Equal("00 01 11", string.Join(' ', outcomes));
    }

    [Theory]
    [InlineData(MemoryModel.Sc, false)]
    [InlineData(MemoryModel.Tso, true)]
    public void A_thread_sees_its_own_store_before_others_do(MemoryModel model, bool isPossible)
    {
        // The test "n6" of the x86-TSO paper (Owens, Sarkar, Sewell, 2009).
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            Word y = scene.Word("y");
            ulong own = 0, other = 0;
            scene.Thread("left", m =>
            {
                m.Store(ref x.Value, 1);
                own = m.Load(ref x.Value);
                other = m.Load(ref y.Value);
            });
            scene.Thread("right", m =>
            {
                m.Store(ref y.Value, 2);
                m.Store(ref x.Value, 2);
            });
            scene.Outcome(() => $"{own}{other}{x.Value}");
        });
        _ = Count(program, 2, 99, model, out SortedSet<string> outcomes);
        Assert.Equal(isPossible, outcomes.Contains("101"));
    }

    [Fact]
    public void An_interrupt_is_a_fence_on_everybody()
    {
        using SampledProgram program = new(scene =>
        {
            Word x = scene.Word("x");
            Word y = scene.Word("y");
            ulong a = 0, b = 0;
            scene.Thread("slow side", m =>
            {
                m.Store(ref x.Value, 1);
                m.InterruptVcpus();
                a = m.Load(ref y.Value);
            });
            scene.Thread("fast side", m =>
            {
                m.Store(ref y.Value, 1);
                b = m.Load(ref x.Value);
            });
            scene.Outcome(() => $"{a}{b}");
        });
        _ = Count(program, 2, 99, MemoryModel.Tso, out SortedSet<string> outcomes);
        Assert.Equal("01 10 11", string.Join(' ', outcomes));
    }

    [Fact]
    public void A_lock_is_contended_while_somebody_waits_and_time_goes_by_in_steps()
    {
        using MmuLock mmuLock = new();
        using SampledProgram program = new(scene =>
        {
            bool isContended = false, isForward = true;
            scene.Thread("holder", m =>
            {
                long start = m.Timestamp();
                m.EnterExclusive(mmuLock);
                isContended = m.IsContended(mmuLock);
                m.ExitExclusive(mmuLock);
                isForward = m.Timestamp() > start;
            });
            scene.Thread("waiter", m =>
            {
                m.EnterExclusive(mmuLock);
                m.ExitExclusive(mmuLock);
            });
            scene.Outcome(() => $"{isContended} {isForward}");
        });
        _ = Count(program, 2, 99, MemoryModel.Sc, out SortedSet<string> outcomes);
        // A waiter waits from where it has nothing else to do, so contended is the only answer while it has not been in.
        Assert.Equal("False True, True True", string.Join(", ", outcomes));
    }

    private static int Count(
        SampledProgram program, int threads, int preemptionsMax, MemoryModel model, out SortedSet<string> outcomes)
    {
        SamplingRun run = new(program.Scene, new ExploreSettings { Model = model });
        AllWithin all = new(threads);
        all.Bound(preemptionsMax);
        HashSet<string> schedules = [];
        outcomes = [];
        int count = 0;
        do
        {
            Assert.Null(run.Execute(all, true));
            Assert.True(run.Preemptions <= preemptionsMax);
            Assert.True(schedules.Add(Convert.ToHexString(run.Picks)), "the same schedule twice");
            if (run.Outcome is string outcome) outcomes.Add(outcome);
            count++;
        }
        while (all.MoveNext());
        return count;
    }
}
