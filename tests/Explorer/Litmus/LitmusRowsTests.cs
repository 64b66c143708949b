using Lab.Explorer;
using Lab.Explorer.Litmus;
using Xunit;

namespace Lab.Tests.Explorer.Litmus;

/// <summary>Shapes of the literature have, under each model, the verdict that other tools and manuals give them, and the number
/// of states or executions where that is published.</summary>
public sealed class LitmusRowsTests
{
    public static TheoryData<string> Names => [.. LitmusRow.All.Select(row => row.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shape_has_its_verdict_and_its_states(string name)
    {
        LitmusRow row = LitmusRow.All.Single(one => one.Name == name);
        LitmusTest test = LitmusTest.Read(row.Text);
        foreach ((MemoryModel model, bool isAllowed, int? states) in row.Expected)
        {
            LitmusAnswer answer = Asking.Of(test, model);
            Assert.True(answer.IsComplete);
            Assert.True(isAllowed == answer.Happens, $"{MemoryModels.NameOf(model)}: {string.Join('\n', answer.Summary)}");
            if (states is { } count) Assert.Equal(count, answer.States.Count);
            Assert.Equal(isAllowed, answer.Witness is { ForbiddenBy: null });
            Assert.True(answer.Seconds <= 1, $"{answer.Seconds} s");
        }
    }

    /// <summary>Complete graphs as GenMC counts them: under SC, RC11 and one with load buffering: IMM there, the
    /// kernel's and ARM's here, which agree on these shapes.</summary>
    [Theory]
    [InlineData("2+2W", "x=1; y=2 || y=1; x=2", 3, 4, 4)]
    [InlineData("2+2W mb", "x=1; mb; y=2 || y=1; mb; x=2", 3, 3, 3)]
    [InlineData("SB", "x=1; r1=y || y=1; r1=x", 3, 4, 4)]
    [InlineData("SB mb", "x=1; mb; r1=y || y=1; mb; r1=x", 3, 3, 3)]
    [InlineData("LB", "r1=x; y=1 || r1=y; x=1", 3, 3, 4)]
    [InlineData("LB3", "r1=x; y=1 || r1=y; z=1 || r1=z; x=1", 7, 7, 8)]
    [InlineData("S", "x=2; y=1 || r1=y; x=1", 3, 4, 4)]
    [InlineData("MP", "x=1; y:=1 || r1:=y; r2=x", 3, 3, 3)]
    [InlineData("CoRW", "r1=x; x=1 || x=2", 3, 3, 3)]
    [InlineData("CoWR", "x=1; r1=x || x=2", 3, 3, 3)]
    [InlineData("IRIW", "x=1 || r1=x; r2=y || y=1 || r1=y; r2=x", 15, 16, 16)]
    [InlineData("IRIW mb", "x=1 || r1=x; mb; r2=y || y=1 || r1=y; mb; r2=x", 15, 15, 15)]
    [InlineData("ISA2", "x=1; y=1 || r1=y; z=1 || r1=z; r2=x", 7, 8, 8)]
    [InlineData("ISA2 rel acq", "x=1; y:=1 || r1:=y; z:=1 || r1:=z; r2=x", 7, 7, 7)]
    [InlineData("WRC", "x=1 || r1=x; y=1 || r1=y; r2=x", 7, 8, 8)]
    [InlineData("RWC mb", "x=1 || r1=x; mb; r2=y || y=1; mb; r1=x", 7, 7, 7)]
    [InlineData("W+RWC mb", "x=1; mb; y=1 || r1=y; mb; r2=z || z=1; mb; r1=x", 7, 7, 7)]
    [InlineData("SB rfi", "x=1; r1=x; r2=y || y=1; r1=y; r2=x", 3, 4, 4)]
    [InlineData("R", "x=1; y=1 || y=2; r1=x", 3, 4, 4)]
    public void A_shape_has_as_many_executions_as_others_count(string name, string threads, long sc, long rc11, long weak)
    {
        LitmusTest test = LitmusTest.Read(Shape.Text(name.Replace(' ', '-'), threads, "exists (true)"));
        Assert.Equal(sc, Asking.Of(test, MemoryModel.Sc).Executions);
        Assert.Equal(rc11, Asking.Of(test, MemoryModel.Rc11).Executions);
        Assert.Equal(weak, Asking.Of(test, MemoryModel.Lkmm).Executions);
        Assert.Equal(weak, Asking.Of(test, MemoryModel.ArmLdapr).Executions);
    }

    /// <summary>GenMC's counts under SC, RC11 and IMM, which agrees with the kernel's model on these shapes. Under RC11 it counts
    /// with the release sequences of C++20; here they are those of the model's paper, so where there are any it is not
    /// asked.</summary>
    [Theory]
    [InlineData("CoRR", "x:=1; x:=2 || r1:=x; r2:=x", 6, 6, 6)]
    [InlineData("CoRR1", "x:=1 || x:=2 || r1:=x; r2:=x || r1:=x", 36, 36, 36)]
    [InlineData("CoRR2", "x:=1 || x:=2 || r1:=x; r2:=x || r1:=x; r2:=x", 72, 72, 72)]
    [InlineData("IRIWish", "x=1 || r1=x; y:=r1 || r1=x; rmb; r2=y || r1=y; rmb; r2=x", 27, 28, 28)]
    [InlineData("relseq", "x=1; y:=1; y=2 || r1=xchg_relaxed(y,3) || r1=y; rmb; r2=x", 16, -1, 20)]
    [InlineData("MP rels acq", "x=1; y:=0; y=1 || r1:=y; ?r1 r2=x", 3, -1, 4)]
    [InlineData("MPU rels acq", "x=1; y:=0; y=1 || r1=atomic_fetch_add_relaxed(1,y) || r1:=y; ?r1>1 x=2", 12, -1, 13)]
    [InlineData("MPU2 rels acq",
        "x=1; y:=0; y=1 || r1=cmpxchg_relaxed(y,2,3) || r1=cmpxchg_relaxed(y,1,2) || r1:=y; ?r1>2 x=2", 35, -1, 36)]
    public void Release_sequences_and_copies_leave_as_many_executions_as_others_count(
        string name, string threads, long sc, long rc11, long lkmm)
    {
        LitmusTest test = LitmusTest.Read(Shape.Text(name.Replace(' ', '-'), threads, "exists (true)"));
        Assert.Equal(sc, Asking.Of(test, MemoryModel.Sc).Executions);
        if (rc11 >= 0) Assert.Equal(rc11, Asking.Of(test, MemoryModel.Rc11).Executions);
        Assert.Equal(lkmm, Asking.Of(test, MemoryModel.Lkmm).Executions);
    }

    /// <summary>Under the kernel's model, as it is counted there: what a grace period or a lock forbids is one of four.</summary>
    [Theory]
    [InlineData("rcu-gp", "rlock; r1=x; r2=y; runlock || y=1; sync; x=1", 3)]
    [InlineData("rcu-lb", "rlock; r1=x; y=1; runlock || r1=y; sync; x=1", 3)]
    [InlineData("MP-locks", "x=1; lock; y=1; unlock || lock; r1=y; unlock; r2=x", 3)]
    [InlineData("rcu-ar-link-short",
        "rlock; x=1; y=1; runlock || r1=x; ?r1==1 z=b || r1=z; r2=*r1 || b=2; sync; r1=y", 7, "a=0; b=1; z=a;")]
    public void A_grace_period_and_a_lock_leave_so_many(string name, string threads, long executions, string initial = "")
    {
        LitmusAnswer answer = Asking.Of(LitmusTest.Read(Shape.Text(name, threads, "exists (true)", initial)), MemoryModel.Lkmm);
        Assert.Equal(executions, answer.Executions);
    }
}
