using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>Who hangs, who is slow, and who had no core: told from what the kernel counts, here written by hand. One watched
/// actor, one thread of another actor, two cores, the watchdog's default of 10 s, a look every 200 ms.</summary>
public sealed class WatchdogTests
{
    private const int Looker = 1, Updater = 2, Vcpu = 3;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Actor _updater = new("updater");
    private readonly Watchdog _watchdog;
    private readonly SortedDictionary<int, (double Run, double Delay, char State)> _threads = new()
    {
        [Looker] = (0, 0, 'S'), [Updater] = (0, 0, 'S'), [Vcpu] = (0, 0, 'S'),
    };
    private double _now = 1_000;
    private double _ended;
    private double _stolen;
    private long _events;

    public WatchdogTests() => _watchdog = new Watchdog(Timeout, () => _events, withStates => new CoreReading((long)(_now * 1e9),
        Looker, _threads.ToDictionary(one => one.Key, one => new ThreadTimes((long)(one.Value.Run * 1e9),
            (long)(one.Value.Delay * 1e9), withStates ? one.Value.State : ThreadTimes.NotAsked)),
        (long)((_ended + _threads.Sum(one => one.Value.Run)) * 1e9), (long)(_stolen * 1e9), Cores: 2));

    [Theory]
    [InlineData(false, false)] // everybody sleeps, and nobody will wake anybody
    [InlineData(true, false)]  // it runs in a circle, with a core of its own
    [InlineData(false, true)]  // it sleeps, and the vCPU goes on in the guest
    [InlineData(true, true)]
    public void Who_has_its_core_or_waits_for_nobody_hangs_after_the_timeout(bool runs, bool vcpuRuns)
    {
        (Standstill? found, double after) = Until(seconds =>
        {
            if (runs) Pass(Updater, run: seconds);
            if (vcpuRuns) Pass(Vcpu, run: seconds);
        });
        Assert.Equal("nothing moved for 10 s: updater", found!.What);
        Assert.False(found.IsStarved);
        Assert.InRange(after, 10, 10.5);
    }

    /// <summary>The false alarm of the first use: CPU pressure 93 to 99 %, load 20 on two cores.</summary>
    [Theory]
    [InlineData(Updater)] // it waits for a core itself
    [InlineData(Vcpu)]    // it sleeps until the vCPU lets go of what it holds, and that waits for a core
    public void Who_waits_for_cores_that_others_have_is_starved_after_six_timeouts_and_does_not_hang(int thread)
    {
        (Standstill? found, double after) = Until(seconds => Pass(thread, run: 0.1 * seconds, delay: 0.9 * seconds));
        Assert.True(found!.IsStarved, found.What);
        Assert.StartsWith("no step in 60", found.What, StringComparison.Ordinal);
        Assert.InRange(after, 60, 61);
    }

    /// <summary>As it was caught: the vCPU spins at the barrier on a core of its own, and the updater's thread, runnable from the
    /// start, is not let run once in 20 s on the other core, whose queue is long.</summary>
    [Fact]
    public void A_thread_that_was_never_let_run_does_not_hang_though_the_lab_has_another_core()
    {
        _threads[Updater] = (0, 0, 'R');
        (Standstill? found, double after) = Until(seconds => Pass(Vcpu, run: 0.92 * seconds, delay: 0.08 * seconds));
        Assert.True(found!.IsStarved, found.What);
        Assert.InRange(after, 60, 61);
    }

    [Fact]
    public void A_wait_that_the_kernel_has_not_booked_yet_is_one_too()
    {
        _threads[Vcpu] = (5, 5, 'R');
        (Standstill? found, double after) = Until(static _ => { });
        Assert.True(found!.IsStarved, found.What);
        Assert.InRange(after, 60, 61);
    }

    [Fact]
    public void A_hypervisor_that_takes_the_cores_starves_too()
    {
        (Standstill? found, _) = Until(seconds => _stolen += 2 * 0.95 * seconds);
        Assert.True(found!.IsStarved, found.What);
    }

    /// <summary>Eight vCPUs on two cores: each waits most of the time, for the lab itself.</summary>
    [Fact]
    public void Threads_that_keep_each_other_from_the_cores_excuse_nobody()
    {
        for (int vcpu = 10; vcpu < 18; vcpu++) _threads[vcpu] = (0, 0, 'R');
        (Standstill? found, double after) = Until(seconds =>
        {
            for (int vcpu = 10; vcpu < 18; vcpu++) Pass(vcpu, run: seconds / 4, delay: 3 * seconds / 4);
        });
        Assert.Equal("nothing moved for 10 s: updater", found!.What);
        Assert.InRange(after, 10, 10.5);
    }

    [Fact]
    public void Half_of_the_cores_is_twice_the_time()
    {
        (Standstill? found, double after) = Until(seconds => Pass(Updater, run: seconds / 2, delay: seconds / 2));
        Assert.False(found!.IsStarved, found.What);
        Assert.InRange(after, 19.5, 21);
    }

    /// <summary>A zap that yields to everybody, a backlog of a worker's: events, and no step.</summary>
    [Fact]
    public void Events_are_movement_but_not_for_ever()
    {
        (Standstill? found, double after) = Until(_ => _events++);
        Assert.Equal("things happened, but no step in 60 s: updater", found!.What);
        Assert.InRange(after, 60, 61);
    }

    [Fact]
    public void After_the_last_event_the_timeout_begins_anew()
    {
        (_, double after) = Until(_ => _events = _now < 1_030 ? (long)_now : 0);
        Assert.InRange(after, 39, 41);
    }

    [Fact]
    public void A_step_is_movement_always()
    {
        Assert.Null(Until(_ => _updater.Beats = (long)(_now / 8), seconds: 300).Found);
        (Standstill? found, double after) = Until(static _ => { });
        Assert.NotNull(found);
        Assert.InRange(after, 2, 10.5);
    }

    [Fact]
    public void Who_has_ended_stands_still_for_good_reason()
    {
        _updater.HasEnded = true;
        Assert.Null(Until(static _ => { }, seconds: 300).Found);
    }

    /// <summary>SIGSTOP, a suspended machine, turns of other processes: the looking thread neither runs nor waits.</summary>
    [Fact]
    public void Stops_of_the_process_do_not_count_however_long_and_often()
    {
        Assert.Null(Until(_ => _now += 12, seconds: 9).Found);
        (Standstill? found, _) = Until(static _ => { });
        Assert.False(found!.IsStarved, found.What);
    }

    /// <summary>A look that comes late because the looking thread had no core is no stop: nobody else had one.</summary>
    [Fact]
    public void Late_looks_for_want_of_a_core_are_starvation()
    {
        (Standstill? found, double after) = Until(seconds =>
        {
            _now += 2;
            Pass(Looker, delay: 2);
            Pass(Vcpu, run: 0.1 * (seconds + 2), delay: 0.9 * (seconds + 2));
        });
        Assert.True(found!.IsStarved, found.What);
        Assert.InRange(after, 60, 67);
    }

    [Fact]
    public void A_kernel_that_counts_nothing_leaves_the_timeout_as_it_is()
    {
        _threads.Clear();
        (Standstill? found, double after) = Until(seconds => _ended += seconds);
        Assert.Equal("nothing moved for 10 s: updater", found!.What);
        Assert.InRange(after, 10, 10.5);
    }

    [Fact]
    public void What_the_threads_had_of_the_time_is_told()
    {
        (Standstill? found, _) = Until(seconds => Pass(Vcpu, run: seconds / 4, delay: seconds / 4));
        string line = Assert.Single(found!.Threads);
        Assert.Matches(@"\(3, S\) ran \d+\.\d\d s, waited \d+\.\d\d s for a core", line);
    }

    [Fact]
    public void Work_is_watched_as_actors_are()
    {
        using ManualResetEventSlim gate = new();
        Standstill? found = WatchedWork.Do("destroyer", "tear-down", TimeSpan.FromMilliseconds(300), null,
            () => gate.Wait(TestContext.Current.CancellationToken), out Exception? failure, CancellationToken.None);
        gate.Set();
        Assert.Equal(("tear-down", "nothing moved for 0.3 s: destroyer"), (found!.Phase, found.What));
        Assert.Null(failure);
        Assert.Null(WatchedWork.Do("destroyer", "tear-down", Timeout, null, () => throw new FormatException("no"), out failure,
            CancellationToken.None));
        Assert.IsType<FormatException>(failure);
    }

    /// <summary>Looks every 200 ms, after what the others did meanwhile.</summary>
    /// <returns>What was found first, and after how many seconds in all.</returns>
    private (Standstill? Found, double After) Until(Action<double> meanwhile, double seconds = 200)
    {
        double began = _now, step = _watchdog.Interval.TotalSeconds;
        Assert.Equal(0.2, step);
        Standstill? found = null;
        for (int look = 0; look * step < seconds && found is null; look++)
        {
            found = _watchdog.Look([_updater]);
            _now += step;
            meanwhile(step);
        }
        return (found, _now - began);
    }

    private void Pass(int thread, double run = 0, double delay = 0)
    {
        (double ran, double waited, char state) = _threads[thread];
        _threads[thread] = (ran + run, waited + delay, state);
    }

    private sealed record Actor(string Name) : IWatched
    {
        public long Beats { get; set; }

        public bool HasEnded { get; set; }
    }
}
