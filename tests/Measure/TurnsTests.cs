using System.IO.Pipes;
using Lab.Measure;
using Lab.Time;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>Windows that are cut into turns: what lies between two of them belongs to others.</summary>
[Collection(TimingCollection.Name)]
public sealed class TurnsTests
{
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(30);

    private static WindowSettings Cut(ITurns turns) => new()
    {
        Duration = TimeSpan.FromMilliseconds(100),
        WarmupMinimum = TimeSpan.FromMilliseconds(10),
        LoggedSamples = 1 << 16,
        Pinning = Pinning.Off,
        Turns = turns,
    };

    /// <summary>Actors that are not stopped go on between turns, which makes it harder: none of what they do then may
    /// count.</summary>
    [Fact]
    public void Only_steps_within_a_turn_count_and_the_turns_make_up_the_window()
    {
        List<(long Start, long End)>[] noted = [new(1 << 16), new(1 << 16)];
        using MeasuredRun run = TimedRun.Of(Cut(new Turns(pauses: 40)), Spinner("one", noted[0]), Spinner("two", noted[1]));

        Assert.True(run.IsComplete, string.Join(' ', run.Notes));
        Assert.Equal(4, run.Turns.Count);
        Assert.Equal(0.1, run.WindowSeconds, 5);
        Assert.Equal(0.1, run.Turns.Sum(turn => turn.EndNanoseconds - turn.StartNanoseconds) / 1e9, 5);
        Assert.InRange(run.ElapsedSeconds, 0.1 + (3 * 0.04), 10);
        Assert.InRange(run.StoppedSeconds, 5 * 0.04, run.ElapsedSeconds - 0.1 + 10);
        foreach ((ActorResult actor, List<(long Start, long End)> own) in run.Actors.Zip(noted))
        {
            LatencyRecorder recorder = actor.Recorders[0];
            Assert.True(actor.StepCount > 0);
            Assert.Equal(actor.StepCount, recorder.Histogram.Count);
            Assert.Equal(actor.StepCount, recorder.Timeline.Summaries().Sum(row => row.Count));
            Assert.All(recorder.Log!.Samples.ToArray(), sample =>
            {
                long start = run.ToMonotonicNanoseconds(sample.StartTicks), end = start + sample.Nanoseconds;
                Assert.Contains(run.Turns, turn => start >= turn.StartNanoseconds - 1_000 && end <= turn.EndNanoseconds + 1_000);
            });
            // What the actor noted itself in a turn: its stamps lie a little within the rig's, which may matter at either end.
            Assert.All(run.Turns, turn =>
            {
                int inside = own.Count(step => step.Start >= turn.StartNanoseconds && step.End <= turn.EndNanoseconds);
                int recorded = recorder.Log.Samples.ToArray().Count(sample =>
                    run.ToMonotonicNanoseconds(sample.StartTicks) is var at && at >= turn.StartNanoseconds
                        && at < turn.EndNanoseconds);
                Assert.InRange(recorded, inside - 2, inside + 2);
            });
        }

        using LatencyRecorder merged = Assert.Single(run.MergeByMetric());
        Assert.Equal(run.Actors.Sum(actor => actor.StepCount), merged.Histogram.Count);
    }

    [Fact]
    public void A_step_that_outlasts_its_turn_is_counted_as_cut_off_and_not_recorded()
    {
        ScriptedActor slow = new()
        {
            Name = "slow",
            OnStep = () =>
            {
                Thread.Sleep(45); // longer than any turn
                return 0;
            },
        };
        using MeasuredRun run = TimedRun.Of(Cut(new Turns(pauses: 0)), slow);
        ActorResult actor = Assert.Single(run.Actors);
        Assert.Equal(0, actor.Recorders[0].Histogram.Count);
        Assert.Equal(0, actor.StepCount);
        Assert.InRange(actor.CutOffCount, 1, 4);
    }

    [Fact]
    public void Moments_are_told_by_how_much_was_measured_before_them()
    {
        using MeasuredRun run = TimedRun.Of(Cut(new Turns(pauses: 20)), Spinner("one"));
        long first = run.Turns[0].EndNanoseconds - run.Turns[0].StartNanoseconds;
        Assert.Equal(-5, run.MeasuredAt(run.Turns[0].StartNanoseconds - 5));
        Assert.Equal(7, run.MeasuredAt(run.Turns[0].StartNanoseconds + 7));
        Assert.Equal(first, run.MeasuredAt(run.Turns[0].EndNanoseconds + 1_000_000));
        Assert.Equal(first + 9, run.MeasuredAt(run.Turns[1].StartNanoseconds + 9));
        Assert.Equal((long)Math.Round(run.WindowSeconds * 1e9) + 11, run.MeasuredAt(run.Turns[^1].EndNanoseconds + 11), 4.0);
    }

    [Fact]
    public void A_load_that_keeps_time_is_measured_in_one_piece_and_it_is_said()
    {
        Turns turns = new(pauses: 0);
        ScriptedActor paced = new() { Name = "paced", RatePerSecond = 500 };
        using MeasuredRun run = TimedRun.Of(Cut(turns), paced);
        Assert.Equal(0, turns.Given);
        Assert.Single(run.Turns);
        Assert.Contains("measured in one piece, not in turns: paced keeps time of its own", run.Notes);
        Assert.Equal(50, run.Actors[0].Recorders[1].Histogram.Count);
    }

    /// <summary>The others' time is nobody's fault, even when it is longer than the watchdog waits.</summary>
    [Fact]
    public void Actors_are_not_given_up_for_standing_still_while_others_measure()
    {
        using ManualResetEventSlim gate = new(initialState: true);
        ScriptedActor stopped = new()
        {
            Name = "stopped",
            OnStep = () =>
            {
                gate.Wait(TestContext.Current.CancellationToken);
                return 0;
            },
        };
        Turns turns = new(pauses: 0, () =>
        {
            gate.Reset();
            Thread.Sleep(900); // what is tested is that this much time passes
            gate.Set();
        });
        using MeasuredRun run = TimedRun.Of(Cut(turns) with { WatchdogTimeout = TimeSpan.FromMilliseconds(700) }, stopped);
        Assert.True(run.IsComplete, string.Join(' ', run.HungActors));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void When_nobody_gives_the_turn_back_the_run_ends_as_a_cancelled_one_with_what_it_has(int after)
    {
        using MeasuredRun run = TimedRun.Of(Cut(new Turns(pauses: 0) { GivenAtMost = after }), Spinner("one"));
        Assert.True(run.Interrupted);
        Assert.Equal(after, run.Turns.Count);
        Assert.Equal(Math.Min(0.1, after * 0.03), run.WindowSeconds, 5);
        Assert.Equal(run.Actors[0].StepCount, run.Actors[0].Recorders[0].Histogram.Count);
    }

    [Fact]
    public void Whoever_is_continued_without_a_word_stops_again_and_whose_parent_is_gone_does_not()
    {
        using AnonymousPipeServerStream parent = new(PipeDirection.Out, HandleInheritability.None);
        int stops = 0;
        StoppedTurns turns = new(Length, (int)parent.ClientSafePipeHandle.DangerousGetHandle(), () =>
        {
            // Continued twice by somebody who has nothing to say, then by the parent; later the parent dies while the process is
            // stopped.
            stops++;
            if (stops == 3) parent.WriteByte((byte)'.');
            if (stops == 4) parent.Dispose();
        });
        Assert.True(turns.Await());
        Assert.Equal(3, stops);
        Assert.False(turns.Await());
        Assert.Equal(4, stops);
        Assert.False(turns.Await()); // it is known now, and nobody would continue the process
        Assert.Equal(4, stops);
    }

    private static ScriptedActor Spinner(string name, List<(long Start, long End)>? noted = null) => new()
    {
        Name = name,
        OnStep = () =>
        {
            long start = Clock.Default.Ticks();
            Thread.SpinWait(500);
            noted?.Add(
                (Clock.Default.ToMonotonicNanoseconds(start), Clock.Default.ToMonotonicNanoseconds(Clock.Default.Ticks())));
            return 0;
        },
    };

    /// <summary>Others that have their turns in no time, or take a while.</summary>
    private sealed class Turns(int pauses, Action? meanwhile = null) : ITurns
    {
        public int GivenAtMost { get; init; } = int.MaxValue;

        public int Given { get; private set; }

        public TimeSpan Length => TurnsTests.Length;

        public bool Await()
        {
            if (Given == GivenAtMost) return false;
            Given++;
            meanwhile?.Invoke();
            if (pauses > 0) Thread.Sleep(pauses); // the others' turns, in which the actors here go on
            return true;
        }
    }
}
