using Lab.Explorer;
using Lab.Explorer.Programs;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>Code that cannot be explored, and explorations that end early: both are said, and neither is taken for a
/// proof.</summary>
public sealed class UncontrollableTests
{
    [Fact]
    public void A_body_that_does_something_else_each_time_is_named()
    {
        int runs = 0;
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("steady", machine => machine.Store(ref x.Value, 7));
            scene.Thread("moody", machine => machine.Store(ref x.Value, (ulong)++runs));
        });
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.False(result.IsComplete);
        Assert.Equal("nondeterministic", result.Failure!.Finding.Invariant);
        Assert.Contains("moody, at its step 1, did 'store x = 1' in another execution and now does 'store x = 2'",
            result.Failure.Finding.What, StringComparison.Ordinal);
        Assert.Contains("that the machine cannot see", result.Failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void Shared_state_behind_the_machines_back_is_noticed_when_it_changes_what_a_thread_does()
    {
        ulong captured = 0;
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            Word y = scene.Word("y");
            scene.Thread("reader", machine => captured = machine.Load(ref x.Value));
            scene.Thread("copier", machine => machine.Store(ref y.Value, captured));
            scene.Thread("writer", machine => machine.Store(ref x.Value, 1));
        });
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal("nondeterministic", result.Failure!.Finding.Invariant);
        Assert.Contains("copier", result.Failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_ends_earlier_than_before_is_named()
    {
        bool isFirst = true;
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("quitter", machine =>
            {
                if (isFirst) machine.Store(ref x.Value, 1);
                isFirst = false;
            });
        });
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Contains("ends instead", result.Failure!.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_never_ends_is_stopped_by_its_steps()
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("endless", machine =>
            {
                while (true) machine.Add(ref x.Value, 1);
            });
        }, new ExploreSettings { StepsPerThreadMax = 1_000 });
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal("never ends", result.Failure!.Finding.Invariant);
        Assert.Contains("endless", result.Failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_that_loops_without_a_step_is_left_behind()
    {
        using ManualResetEventSlim release = new();
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("quiet", machine =>
            {
                machine.Store(ref x.Value, 1);
                release.Wait();
            });
        }, new ExploreSettings { StepTimeout = TimeSpan.FromMilliseconds(200) });
        release.Set();
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal("never ends", result.Failure!.Finding.Invariant);
        Assert.Contains("quiet", result.Failure.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exception_of_the_body_is_a_violation_with_its_schedule()
    {
        ExploreResult result = Exploring.Of(scene =>
        {
            Word x = scene.Word("x");
            scene.Thread("writer", machine => machine.Store(ref x.Value, 1));
            scene.Thread("thrower", machine =>
            {
                if (machine.Load(ref x.Value) == 0) throw new InvalidOperationException("too early");
            });
        });
        Assert.Equal(Verdict.Violated, result.Verdict);
        Assert.Equal("exception", result.Failure!.Finding.Invariant);
        Assert.Contains("thrower threw InvalidOperationException: too early", result.Failure.Finding.What,
            StringComparison.Ordinal);
        Assert.Contains(result.Failure.Steps, step => step.What == "load x = 0");
    }

    [Fact]
    public void What_the_search_does_not_model_is_said()
    {
        using Rcu rcu = new("nodes");
        ExploreResult result = Exploring.Of(scene => scene.Thread("caller", machine => machine.Barrier(rcu)));
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Contains("grace period", result.Failure!.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_the_scene_does_not_declare_is_refused()
    {
        ExploreResult result = Exploring.Of(scene => scene.Thread("stray", machine =>
        {
            ulong local = 0;
            machine.Load(ref local);
        }));
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Contains("does not declare", result.Failure!.Finding.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_that_waits_for_nothing_at_all_never_ends()
    {
        ExploreResult result = Exploring.Of(scene => scene.Thread("idle", machine =>
        {
            Backoff backoff = new();
            while (true) machine.Relax(ref backoff);
        }));
        Assert.Equal(Verdict.Uncontrollable, result.Verdict);
        Assert.Equal("never ends", result.Failure!.Finding.Invariant);
    }

    [Fact]
    public void A_budget_that_ends_is_no_proof()
    {
        ExploreResult result = Exploring.Of(ClassicPrograms.Find("readers")!.Make(40),
            new ExploreSettings { Budget = TimeSpan.FromMilliseconds(100) });
        Assert.False(result.IsComplete);
        Assert.Contains("stopped after", result.Bound, StringComparison.Ordinal);
        Assert.Contains("the budget of 0.1 s ended; NOT all executions were explored", result.Bound, StringComparison.Ordinal);
    }

    [Fact]
    public void A_limit_of_executions_is_kept_and_said()
    {
        ExploreResult result =
            Exploring.Of(ClassicPrograms.Find("readers")!.OfSize(8), new ExploreSettings { ExecutionsMax = 100 });
        Assert.Equal(100, result.Executions);
        Assert.False(result.IsComplete);
        Assert.Contains("the limit of 100 executions", result.Bound, StringComparison.Ordinal);
    }

    [Fact]
    public void Keeping_on_counts_everything_and_keeps_the_first_failure()
    {
        ExploreResult result =
            Exploring.Of(ClassicPrograms.Find("refcount-broken")!.OfSize(2), new ExploreSettings { KeepGoing = true });
        Assert.Equal(Verdict.Violated, result.Verdict);
        Assert.True(result.IsComplete);
        Assert.True(result.Executions > 2);
    }
}
