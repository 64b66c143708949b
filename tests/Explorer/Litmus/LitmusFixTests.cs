using Lab.Explorer;
using Lab.Explorer.Litmus;
using Lab.Explorer.Orders;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Which order a test lacks, and which it can do without; KVM's rmap lock in its versions.</summary>
public sealed class LitmusFixTests
{
    [Theory]
    [InlineData("rmap-lock-v1", "rc11 arm arm-ldapr lkmm")]
    [InlineData("rmap-lock-v7", "arm arm-ldapr lkmm")]
    [InlineData("rmap-lock-v9", "")]
    [InlineData("rmap-lock-wmb-rmb", "arm arm-ldapr lkmm")]
    [InlineData("rmap-lock-empty-head", "rc11 arm arm-ldapr lkmm")]
    public void A_version_of_the_rmap_lock_fails_under_these_models(string variant, string models)
    {
        LitmusTest test = Assert.Single(RmapLock.Named(variant)).Test;
        IEnumerable<string> failing = MemoryModels.All.Where(model => Asking.Of(test, model).IsViolated)
            .Select(MemoryModels.NameOf);
        Assert.Equal(models, string.Join(' ', failing));
    }

    [Theory]
    [InlineData("rmap-lock-v7", "WRITE_ONCE(*head, old) of P0, line 13, a release")]
    [InlineData("rmap-lock-wmb-rmb", "WRITE_ONCE(*head, old) of P0, line 13, a release")]
    [InlineData("rmap-lock-v1",
        "WRITE_ONCE(*head, old) of P0, line 13, a release, and WRITE_ONCE(*head, 4) of P1, line 26, a release")]
    public void The_fix_of_the_rmap_lock_is_a_release_where_it_unlocks(string variant, string fix)
    {
        LitmusTest test = Assert.Single(RmapLock.Named(variant)).Test;
        Assert.Equal(fix, Asking.Of(test, MemoryModel.Lkmm, LitmusQuestions.Fix).Fixes[0].ToString());
    }

    [Theory]
    [InlineData("x=1; r1=y || y=1; r1=x", @"0:r1=0 /\ 1:r1=0", MemoryModel.Tso,
        "smp_mb before READ_ONCE(*y) of P0, line 6, and smp_mb before READ_ONCE(*x) of P1, line 11")]
    [InlineData("x=1; y=1 || r1:=y; r2=x", @"1:r1=1 /\ 1:r2=0", MemoryModel.Lkmm, "WRITE_ONCE(*y, 1) of P0, line 6, a release")]
    [InlineData("x=1; y:=1 || r1=y; r2=x", @"1:r1=1 /\ 1:r2=0", MemoryModel.Lkmm, "READ_ONCE(*y) of P1, line 10, an acquire")]
    [InlineData("x=1; wmb; y=1 || y=2; mb; r1=x", @"y=2 /\ 1:r1=0", MemoryModel.Lkmm,
        "smp_mb before WRITE_ONCE(*y, 1) of P0, line 7")]
    [InlineData("x:rlx=1; y:rlx=1 || r1:acq=y; r2:rlx=x", @"1:r1=1 /\ 1:r2=0", MemoryModel.Rc11,
        "atomic_store_explicit(y, 1, memory_order_relaxed) of P0, line 6, a release")]
    [InlineData("x:sc=1; r1:sc=y || y:sc=1; r1:acq=x", @"0:r1=0 /\ 1:r1=0", MemoryModel.Rc11,
        "atomic_load_explicit(x, memory_order_acquire) of P1, line 11, sequentially consistent")]
    [InlineData("x:rlx=1; r1:rlx=y || y:rlx=1; r1:rlx=x", @"0:r1=0 /\ 1:r1=0", MemoryModel.Rc11,
        "atomic_thread_fence(memory_order_seq_cst) before atomic_load_explicit(y, memory_order_relaxed) of P0, line 6, "
        + "and atomic_thread_fence(memory_order_seq_cst) before atomic_load_explicit(x, memory_order_relaxed) of P1, line 11")]
    public void The_smallest_fix_is_found(string threads, string condition, MemoryModel model, string fix)
    {
        LitmusTest test = LitmusTest.Read(Shape.Text("fix", threads, condition));
        Assert.Equal(fix, Asking.Of(test, model, LitmusQuestions.Fix).Fixes[0].ToString());
    }

    /// <summary>Only if the first thread reads 1 does it store the 1 that leads there. The kernel's model has no order between a
    /// condition and a store behind its branches.</summary>
    [Theory]
    [InlineData(MemoryModel.Lkmm, LitmusObservation.Sometimes)]
    [InlineData(MemoryModel.Sc, LitmusObservation.Never)]
    [InlineData(MemoryModel.Rc11, LitmusObservation.Never)]
    public void A_value_that_a_branch_lets_itself_be_stored_is_seen(MemoryModel model, LitmusObservation observation)
    {
        LitmusTest test = LitmusTest.Read("""
            C branch-decides
            {}
            P0(int *x, int *y)
            {
                int r0;
                int r1 = 1;
                r0 = READ_ONCE(*x);
                if (r0 == 0)
                    r1 = 0;
                WRITE_ONCE(*y, r1);
            }
            P1(int *x, int *y)
            {
                int r0;
                r0 = READ_ONCE(*y);
                WRITE_ONCE(*x, r0);
            }
            exists (0:r0=1 /\ 1:r0=1)
            """);
        Assert.Equal(observation, Asking.Of(test, model).Observation);
    }

    [Fact]
    public void What_is_forbidden_or_happens_under_sequential_consistency_has_no_fix()
    {
        LitmusTest forbidden = LitmusTest.Read(Shape.Text("mp", "x=1; y:=1 || r1:=y; r2=x", @"1:r1=1 /\ 1:r2=0"));
        Assert.Empty(Asking.Of(forbidden, MemoryModel.Lkmm, LitmusQuestions.Fix).Fixes);
        LitmusTest always = LitmusTest.Read(Shape.Text("mp", "x=1; y=1 || r1=y; r2=x", @"1:r1=0 /\ 1:r2=1"));
        LitmusAnswer answer = Asking.Of(always, MemoryModel.Lkmm, LitmusQuestions.Fix);
        Assert.True(answer.Happens);
        Assert.Empty(answer.Fixes);
    }

    /// <summary>A fence beside a release is one too many; either can go, not both.</summary>
    [Fact]
    public void An_order_that_can_be_dropped_is_found()
    {
        LitmusTest test = LitmusTest.Read(Shape.Text("spare", "x=1; wmb; y:=1 || r1:=y; r2=x", @"1:r1=1 /\ 1:r2=0"));
        Assert.Equal(["smp_wmb() of P0, line 6, left out", "smp_store_release(y, 1) of P0, line 7, relaxed"],
            Asking.Of(test, MemoryModel.Lkmm, LitmusQuestions.Spare).Spare!.Select(one => one.ToString()));
    }

    [Fact]
    public void An_order_of_C11_that_can_be_dropped_is_found()
    {
        LitmusTest test = LitmusTest.Read(Shape.Text("spare", "x:rlx=1; y:sc=1 || r1:sc=y; r2:rlx=x", @"1:r1=1 /\ 1:r2=0"));
        Assert.Equal(["atomic_store_explicit(y, 1, memory_order_seq_cst) of P0, line 6, a release",
            "atomic_load_explicit(y, memory_order_seq_cst) of P1, line 10, an acquire"],
            Asking.Of(test, MemoryModel.Rc11, LitmusQuestions.Spare).Spare!.Take(2).Select(one => one.ToString()));
        DrawnExecution shown = Asking.Of(test, MemoryModel.Rc11).Witness!;
        Assert.Equal(["W[once] x=1", "W[seq_cst] y=1", "R[seq_cst] y=1", "R[once] x=0"], shown.Events.Select(e => e.Text));
    }

    [Fact]
    public void The_execution_is_shown_with_its_cycle()
    {
        LitmusTest test = LitmusTest.Read(Shape.Text("sb", "x=1; r1=y || y=1; r1=x", @"0:r1=0 /\ 1:r1=0"));
        DrawnExecution shown = Asking.Of(test, MemoryModel.Tso).Witness!;
        Assert.Equal(["W[once] x=1", "R[once] y=0", "W[once] y=1", "R[once] x=0"], shown.Events.Select(e => e.Text));
        Assert.Equal("a →po b →fr c →po d →fr a", DrawnExecution.Chain(shown.Cycle));
        Assert.Null(shown.ForbiddenBy);
        DrawnExecution forbidden = Asking.Of(test, MemoryModel.Sc).Witness!;
        Assert.Equal("one order", forbidden.ForbiddenBy);
        Assert.Equal(shown.Cycle, forbidden.ForbiddenCycle);
    }
}
