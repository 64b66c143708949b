using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>What a quiet regime asks of the machine, and that it is given back.</summary>
[Collection(TimingCollection.Name)]
public sealed class QuietTests
{
    [Fact]
    public void The_updater_gets_the_first_core_and_shares_it_only_when_there_is_no_other()
    {
        ActorRole[] roles = [ActorRole.Vcpu, ActorRole.Vcpu, ActorRole.Updater, ActorRole.Vcpu];
        Assert.Equal([3, 5, 2, 3], LanePlace.Quiet(roles, [2, 3, 5]).Select(place => place.Cpu!.Value));
        Assert.Equal([false, true, true, false], LanePlace.Quiet(roles, [2, 3, 5]).Select(place => place.IsAlone));
        Assert.All(LanePlace.Quiet(roles, [7]), place => Assert.Equal(new LanePlace(7, IsAlone: false), place));
    }

    [Fact]
    public void Bystanders_share_the_last_core_and_nobody_else_is_there()
    {
        ActorRole[] roles = [ActorRole.Vcpu, ActorRole.Vcpu, ActorRole.Updater, ActorRole.Bystander, ActorRole.Bystander];
        Assert.Equal([2, 3, 2, 5, 5], LanePlace.Apart(roles, [2, 3, 5]).Select(place => place.Cpu!.Value));
        Assert.Equal([2, 2, 2, 3, 3], LanePlace.Apart(roles, [2, 3]).Select(place => place.Cpu!.Value));
        Assert.All(LanePlace.Apart(roles, [7]), place => Assert.Equal(new LanePlace(null, IsAlone: false), place));
    }

    [Fact]
    public void An_alarm_never_rings_early_and_its_thread_is_ordinary_again_afterwards()
    {
        string? refusal = Alarm.WhyNotRealTime("sleeper", 1);
        Assert.Equal(0, SchedulingClass.Of(0));
        if (refusal is not null) Assert.StartsWith("SCHED_FIFO was refused to sleeper", refusal, StringComparison.Ordinal);
        Alarm alarm = new(fifoPriority: 1);
        alarm.Begin();
        Assert.Equal(refusal is null ? 1 : 0, SchedulingClass.Of(0));
        foreach (long ahead in (long[])[-1_000_000, 0, 300_000])
        {
            long moment = Alarm.Now + ahead;
            long late = alarm.AwaitMoment(moment), now = Alarm.Now;
            Assert.InRange(late, Math.Max(0, -ahead), now - moment);
        }
        alarm.End();
        Assert.Equal(0, SchedulingClass.Of(0));
    }

    [Fact]
    public void Only_the_updater_is_real_time_only_in_its_steps_and_the_run_says_what_it_had()
    {
        int inStep = -2, inPrepare = -2, vcpu = -2;
        ScriptedActor updater = new()
        {
            Name = "updater",
            Role = ActorRole.Updater,
            OnPrepare = () => inPrepare = SchedulingClass.Of(0),
            OnStep = () => { inStep = SchedulingClass.Of(0); return 0; },
        };
        ScriptedActor other =
            new() { Name = "vcpu0", Role = ActorRole.Vcpu, OnStep = () => { vcpu = SchedulingClass.Of(0); return 0; } };
        WindowSettings settings = new()
        {
            Duration = TimeSpan.FromMilliseconds(20),
            WarmupMinimum = TimeSpan.Zero,
            Quiet = new QuietSettings { Pin = true, Fifo = true, HoldOffIdleStates = true },
        };
        using MeasuredRun run = TimedRun.Of(settings, other, updater);
        Assert.Equal(0, inPrepare);
        Assert.Equal(0, vcpu);
        bool had = run.Actors[1].FifoPriority is not null;
        Assert.Equal(had ? 1 : 0, inStep);
        Assert.Equal(!had, run.Notes.Any(note => note.StartsWith("SCHED_FIFO was", StringComparison.Ordinal)));
        Assert.Contains(run.Notes, note => note.StartsWith("quiet: had ", StringComparison.Ordinal)
            && note.Contains("fifo", StringComparison.Ordinal) == had);
    }

    [Fact]
    public void Idle_states_are_asked_to_stay_away_until_the_hold_ends()
    {
        string device = Path.GetTempFileName();
        try
        {
            IdleHold? hold = IdleHold.TryTake(out string? refusal, device);
            Assert.Null(refusal);
            Assert.Contains(device, Descriptors());
            hold!.Dispose();
            Assert.DoesNotContain(device, Descriptors());
            Assert.Equal(new byte[4], File.ReadAllBytes(device));
        }
        finally
        {
            File.Delete(device);
        }
        Assert.Null(IdleHold.TryTake(out string? missing, "/dev/no-such-device"));
        Assert.Contains("run as root", missing, StringComparison.Ordinal);
    }

    private static List<string?> Descriptors() =>
        [.. Directory.EnumerateFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget)];
}
