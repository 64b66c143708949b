using System.Text.RegularExpressions;
using Lab.Explorer;
using Lab.Explorer.Programs;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer.Candidates;

/// <summary>What a unit test is told that fails under a weak memory model: the execution, its cycle, the smallest fix, a string
/// that replays it; and what is refused, with a sentence.</summary>
public sealed partial class WeakFailureTests
{
    [Fact]
    public void A_failure_tells_execution_cycle_fix_and_replay()
    {
        ExploreResult result = Exploring.Of(MessagePassing(isReleased: false), Lkmm);
        ExplorationException thrown = Assert.Throws<ExplorationException>(result.ThrowUnlessNothingFound);
        string[] lines = thrown.Message.Split('\n');
        Assert.Equal("VIOLATED check — What the scene checks at the end holds.", lines[0]);
        Assert.Equal("the flag without the data", lines[1]);
        Assert.Equal("under lkmm, the Linux kernel's memory model:", lines[2]);
        string message = WithoutLines(thrown.Message);
        Assert.Contains("a: W[once] data=1 (WeakFailureTests.cs:N) c: R[acquire] flag=1 (WeakFailureTests.cs:N)\n"
            + "b: W[once] flag=1 (WeakFailureTests.cs:N) d: R[acquire] data=0 (WeakFailureTests.cs:N)\n"
            + "rf: b→c\nfr: d→a\ncycle: a →po b →rf c →po d →fr a; lkmm allows it", message, StringComparison.Ordinal);
        Assert.Contains("it would be forbidden with the store of flag by writer (WeakFailureTests.cs:N) a release: "
            + "Store instead of StoreRelaxed\n"
            + "or with a StoreFence (smp_wmb) before the store of flag by writer (WeakFailureTests.cs:N)", message,
            StringComparison.Ordinal);
        Assert.StartsWith("replay: e1:program:writer+reader:lkmm:", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_told_to_fix_it_does()
    {
        ExploreResult result = Exploring.Of(MessagePassing(isReleased: true), Lkmm);
        Assert.True(result is { Verdict: Verdict.NothingFound, IsComplete: true }, result.ToString());
        result.ThrowUnlessNothingFound();
    }

    [Fact]
    public void A_recorded_execution_fails_alike_and_is_forbidden_once_it_is_fixed()
    {
        Failure failure = Exploring.Of(MessagePassing(isReleased: false), Lkmm).Failure!;
        ExploreSettings replay = Lkmm with { Search = Search.Replay, Schedule = failure.Replay };
        ExploreResult again = Exploring.Of(MessagePassing(isReleased: false), replay);
        Assert.Equal(Verdict.Violated, again.Verdict);
        Assert.Equal(failure.Finding, again.Failure!.Finding);
        Assert.Equal(failure.Execution!.Drawn.Events, again.Failure.Execution!.Drawn.Events);
        Assert.Equal(failure.Execution.Drawn.Cycle, again.Failure.Execution.Drawn.Cycle);
        ExploreResult better = Exploring.Of(MessagePassing(isReleased: true), replay);
        Assert.Equal(Verdict.NothingFound, better.Verdict);
        Assert.Contains("which lkmm forbids now, by its axiom", better.Bound, StringComparison.Ordinal);
    }

    /// <summary>A pointer is told by its word: it is another number in another process.</summary>
    [Fact]
    public void A_recorded_execution_with_pointers_can_be_followed()
    {
        Action<Scene> program = scene =>
        {
            Word node = scene.Word("node");
            Word head = scene.Word("head");
            ulong seen = 1;
            scene.Thread("maker", machine =>
            {
                machine.StoreRelaxed(ref node.Value, 1);
                machine.StoreRelaxed(ref head.Value, node.Pointer);
            });
            scene.Thread("reader", machine =>
            {
                seen = 1;
                TrackedValue found = machine.LoadTracked(ref head.Value);
                if (found != 0UL) seen = (ulong)machine.LoadTracked(found);
            });
            scene.Check(() => seen == 1 ? null : "a node that is not made yet");
        };
        Failure failure = Exploring.Of(program, Lkmm).Failure!;
        Assert.Contains("=w0+0,", failure.Replay, StringComparison.Ordinal);
        Assert.Contains(failure.Execution!.Drawn.Events, e => e.Text == "R[once] head=&node");
        ExploreResult again = Exploring.Of(program, Lkmm with { Search = Search.Replay, Schedule = failure.Replay });
        Assert.Equal(failure.Finding, again.Failure!.Finding);
    }

    [Theory]
    [InlineData("e1:program:writer+reader:lkmm", "begins with 'e1:'")]
    [InlineData("x1:program:writer+reader:sc:00000000:a", "begins with 'e1:'")]
    [InlineData("e1:program:writer+reader:lkmm:00000000:b=1,-=0:", "checksum does not match")]
    public void No_edited_string_is_followed(string replay, string complaint)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Exploring.Of(MessagePassing(isReleased: false),
            Lkmm with { Search = Search.Replay, Schedule = replay }));
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cut_and_every_edit_of_a_string_is_refused()
    {
        string replay = Exploring.Of(MessagePassing(isReleased: false), Lkmm).Failure!.Replay;
        for (int at = 0; at < replay.Length; at++)
        {
            string edited = $"{replay[..at]}{(replay[at] == 'c' ? 'd' : 'c')}{replay[(at + 1)..]}";
            foreach (string wrong in (string[])[replay[..at], edited])
            {
                Assert.Throws<ArgumentException>(() => Exploring.Of(MessagePassing(isReleased: false),
                    Lkmm with { Search = Search.Replay, Schedule = wrong }));
            }
        }
    }

    [Fact]
    public void An_execution_of_another_model_or_program_is_refused()
    {
        string replay = Exploring.Of(MessagePassing(isReleased: false), Lkmm).Failure!.Replay;
        ArgumentException model = Assert.Throws<ArgumentException>(() => Exploring.Of(MessagePassing(isReleased: false),
            new ExploreSettings { Model = MemoryModel.Arm, Search = Search.Replay, Schedule = replay }));
        Assert.Contains("recorded under lkmm, this is arm", model.Message, StringComparison.Ordinal);
        ArgumentException program = Assert.Throws<ArgumentException>(() => Exploring.Of(
            ClassicPrograms.Find("mp")!.OfSize(1), Lkmm with { Search = Search.Replay, Schedule = replay }));
        Assert.Contains("recorded for scenario 'writer+reader'", program.Message, StringComparison.Ordinal);
    }

    /// <summary>Two fences are needed, and each is named by its thread.</summary>
    [Fact]
    public void A_fix_may_need_several_places()
    {
        ExploreResult result = Exploring.Of(ClassicPrograms.Find("dekker")!.OfSize(1), Lkmm);
        Assert.Matches(@"^a FullFence \(smp_mb\) before the load of flag1 by t0 \(LockPrograms\.cs:\d+\), and "
            + @"a FullFence \(smp_mb\) before the load of flag0 by t1 \(LockPrograms\.cs:\d+\)$",
            result.Failure!.Execution!.Fixes[0]);
        Assert.Equal(Verdict.NothingFound, Exploring.Of(ClassicPrograms.Find("dekker-fenced")!.OfSize(1), Lkmm).Verdict);
    }

    /// <summary>What is wrong with any order is shown as a schedule, which says more.</summary>
    [Theory]
    [InlineData("refcount-broken", "check")]
    [InlineData("deadlock", "deadlock")]
    [InlineData("lost-wakeup", "lost wake-up")]
    public void What_fails_under_sequential_consistency_has_a_schedule_and_lacks_no_order(string program, string invariant)
    {
        ExploreResult result = Exploring.Of(ClassicPrograms.Find(program)!.OfSize(ClassicPrograms.Find(program)!.SizeMin), Lkmm);
        Assert.Equal(invariant, result.Failure!.Finding.Invariant);
        Assert.NotEmpty(result.Failure.Steps);
        Assert.Null(result.Failure.Execution);
        Assert.EndsWith("It happens under sc, too: no order is lacking.", result.Failure.Finding.What, StringComparison.Ordinal);
        Assert.StartsWith("x1:", result.Failure.Replay, StringComparison.Ordinal);
    }

    /// <summary>Each stores, then looks whether the other has: without a fence both may miss it, and one sleeps for
    /// ever.</summary>
    [Theory]
    [InlineData(false, Verdict.Violated)]
    [InlineData(true, Verdict.NothingFound)]
    public void A_wake_up_that_only_a_weak_model_loses_is_found(bool isFenced, Verdict verdict)
    {
        Action<Scene> program = scene =>
        {
            Word ready = scene.Word("ready");
            Word asleep = scene.Word("asleep");
            scene.Thread("sleeper", machine =>
            {
                machine.StoreRelaxed(ref asleep.Value, 1);
                if (isFenced) machine.FullFence();
                if (machine.LoadRelaxed(ref ready.Value) != 0) return;
                Backoff backoff = new();
                while (machine.LoadRelaxed(ref asleep.Value) != 0) machine.Relax(ref backoff);
            });
            scene.Thread("waker", machine =>
            {
                machine.StoreRelaxed(ref ready.Value, 1);
                if (isFenced) machine.FullFence();
                if (machine.LoadRelaxed(ref asleep.Value) != 0) machine.StoreRelaxed(ref asleep.Value, 0);
            });
        };
        ExploreResult result = Exploring.Of(program, Lkmm);
        Assert.Equal(verdict, result.Verdict);
        if (verdict == Verdict.NothingFound) return;
        Assert.Equal("lost wake-up", result.Failure!.Finding.Invariant);
        Assert.Equal("sleeper waits for asleep to change from 1; nobody else can continue.", result.Failure.Finding.What);
        Assert.Contains("FullFence", result.Failure.Execution!.Fixes[0], StringComparison.Ordinal);
        ExploreResult again = Exploring.Of(program, Lkmm with { Search = Search.Replay, Schedule = result.Failure.Replay });
        Assert.Equal(result.Failure.Finding, again.Failure!.Finding);
    }

    [Fact]
    public void Code_that_is_not_modelled_cannot_be_explored_and_says_what()
    {
        AssertUnsupported(machine => machine.InterruptVcpus(), MemoryModel.Lkmm, "interrupt of all vCPUs");
        AssertUnsupported(machine => machine.Synchronize(new Rcu("rcu")), MemoryModel.Rc11,
            "rc11 says nothing about Synchronize: C11 has no grace periods; sc, tso, arm and lkmm do");
        Rcu one = new("one");
        Rcu other = new("other");
        AssertUnsupported(machine =>
        {
            machine.Synchronize(one);
            machine.Synchronize(other);
        }, MemoryModel.Lkmm, "one RCU domain; the program uses two");
        AssertUnsupported(machine => machine.EnterRcu(one), MemoryModel.Lkmm, "ends inside a read-side section");
        AssertUnsupported(machine => machine.Barrier(one), MemoryModel.Lkmm, "does not model callbacks");

        static void AssertUnsupported(Action<Lab.Explorer.Seam.Explored> body, MemoryModel model, string why)
        {
            ExploreResult result = Exploring.Of(scene => scene.Thread("t", body), new ExploreSettings { Model = model });
            Assert.Equal(Verdict.Uncontrollable, result.Verdict);
            Assert.Equal("unsupported", result.Failure!.Finding.Invariant);
            Assert.Contains(why, result.Failure.Finding.What, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Code_that_does_not_do_the_same_again_is_said_to_be_nondeterministic()
    {
        int runs = 0;
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("t", machine => machine.StoreRelaxed(ref x.Value, (ulong)++runs));
            scene.Outcome(() => "");
        }, Lkmm);
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal("nondeterministic", result.Failure!.Finding.Invariant);
    }

    [Fact]
    public void An_exception_is_a_violation_if_its_values_can_be_read()
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("storer", machine => machine.StoreRelaxed(ref x.Value, 1));
            scene.Thread("t", machine =>
            {
                if (machine.LoadRelaxed(ref x.Value) == 1) throw new InvalidOperationException("one");
            });
        }, Lkmm);
        Assert.Equal("exception", result.Failure!.Finding.Invariant);
    }

    /// <summary>What is too large to be gone through is said to be so.</summary>
    [Fact]
    public void A_search_that_is_stopped_proves_nothing()
    {
        ExploreResult some = Exploring.Of(ClassicPrograms.Find("readers")!.OfSize(4), Lkmm with { ExecutionsMax = 3 });
        Assert.True(some is { Executions: 3, IsComplete: false, EndedEarly: true });
        Assert.Contains("NOT all executions were explored", some.Bound, StringComparison.Ordinal);
        ExploreResult none = Exploring.Of(ClassicPrograms.Find("fib")!.OfSize(7),
            Lkmm with { Budget = TimeSpan.FromMilliseconds(50) });
        Assert.True(none is { Verdict: Verdict.NothingFound, IsComplete: false, EndedEarly: true });
    }

    [Theory]
    [InlineData(Search.Random)]
    [InlineData(Search.Pct)]
    public void Schedules_are_not_sampled_where_there_are_none(Search search)
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() =>
            Exploring.Of(MessagePassing(isReleased: false), Lkmm with { Search = search }));
        Assert.Contains("Under lkmm there are executions, not schedules", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_search_without_schedules_is_not_cut_into_parts() => Assert.Throws<NotSupportedException>(() =>
        SearchSlices.Cut(MessagePassing(isReleased: false), Lkmm, 2, TestContext.Current.CancellationToken));

    private static ExploreSettings Lkmm { get; } = new() { Model = MemoryModel.Lkmm };

    private static Action<Scene> MessagePassing(bool isReleased) => scene =>
    {
        Word data = scene.Word("data");
        Word flag = scene.Word("flag");
        (ulong raised, ulong seen) = (0, 0);
        scene.Thread("writer", machine =>
        {
            machine.StoreRelaxed(ref data.Value, 1);
            if (isReleased) machine.Store(ref flag.Value, 1);
            else machine.StoreRelaxed(ref flag.Value, 1);
        });
        scene.Thread("reader", machine =>
        {
            raised = machine.Load(ref flag.Value);
            seen = machine.Load(ref data.Value);
        });
        scene.Check(() => raised == 1 && seen == 0 ? "the flag without the data" : null);
    };

    /// <summary>Numbers of lines, and the widths that follow from them, are not what is tested.</summary>
    private static string WithoutLines(string message) => Spaces().Replace(Line().Replace(message, ":N)"), " ");

    [GeneratedRegex(@":\d+\)")]
    private static partial Regex Line();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
