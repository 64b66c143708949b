using Lab.Explorer;
using Lab.Explorer.Seam;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>The wake-up protocols that actors stand on, step by step as the code has them, in every schedule under x86-TSO:
/// nobody sleeps for good. Beside each, the same without the step that its comment calls necessary, which loses a wake-up. A
/// futex and a monitor are what kernel and runtime promise: to look and to fall asleep is one step. No sleep has a time-out here,
/// though the locks' have.</summary>
public sealed class WakeUpTests
{
    /// <summary><c>MmuLock.Await</c> and <c>Exit…</c>, <c>TicketLock.AwaitTurn</c> and <c>Exit</c>: the change, then the look for
    /// sleepers; the increment, then the futex that compares.</summary>
    [Theory]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)] // released by a plain store: the look for sleepers overtakes it
    [InlineData(true, false, false)] // asleep before it counts as a sleeper
    public void A_lock_s_sleeper_is_woken(bool releasesByLockedChange, bool countsFirst, bool isSound) => Expect(isSound, scene =>
    {
        Word held = scene.Word("held", 1), sleepers = scene.Word("sleepers");
        Futex futex = new(scene, "lock", sleepersMax: 2);
        scene.Thread("holder", machine =>
        {
            if (releasesByLockedChange) machine.And(ref held.Value, 0);
            else machine.Store(ref held.Value, 0);
            if (machine.Load(ref sleepers.Value) != 0) futex.WakeAll(machine);
        });
        for (int waiter = 0; waiter < 2; waiter++)
        {
            int own = waiter;
            scene.Thread($"waiter{own}", machine =>
            {
                for (ulong state; (state = machine.Load(ref held.Value)) != 0;)
                {
                    if (countsFirst) machine.Add(ref sleepers.Value, 1);
                    futex.Wait(machine, own, held, state);
                    if (countsFirst) machine.Add(ref sleepers.Value, ulong.MaxValue);
                }
            });
        }
    });

    /// <summary>mmu_lock's word: a reader that finds a writer backs out and wakes, and the writer waits for no readers. The queue
    /// is left out: who is in it is at its head.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the reader that backs out does not wake
    public void A_writer_is_woken_by_a_reader_that_only_looked_in(bool wakes) => Expect(wakes, scene =>
    {
        const ulong reader = 0x200, writerWaiting = 0x100, writerIn = 0xff;
        Word state = scene.Word("state"), sleepers = scene.Word("sleepers");
        Futex futex = new(scene, "mmu_lock", sleepersMax: 1);
        scene.Thread("writer", machine =>
        {
            if (machine.CompareExchange(ref state.Value, writerIn, 0) == 0) return;
            machine.Or(ref state.Value, writerWaiting);
            for (ulong seen; (seen = machine.CompareExchange(ref state.Value, writerIn, writerWaiting)) != writerWaiting;)
            {
                machine.Add(ref sleepers.Value, 1);
                futex.Wait(machine, 0, state, seen);
                machine.Add(ref sleepers.Value, ulong.MaxValue);
            }
        });
        for (int number = 0; number < 2; number++)
        {
            scene.Thread($"reader{number}", machine =>
            {
                bool isOut = (machine.Add(ref state.Value, reader) & (writerIn | writerWaiting)) != 0;
                machine.Add(ref state.Value, unchecked(0 - reader));
                if ((wakes || !isOut) && machine.Load(ref sleepers.Value) != 0) futex.WakeAll(machine);
            });
        }
    });

    /// <summary><c>Rcu.Call</c> and the reclaimer: push, then look at the flag; raise the flag, then look again.</summary>
    [Theory]
    [InlineData(true, true, true)]
    [InlineData(false, true, false)] // the flag by a plain store
    [InlineData(true, false, false)] // no second look
    public void A_reclaimer_does_not_sleep_on_a_callback(bool raisesByExchange, bool looksAgain, bool isSound) => Expect(
        isSound, scene =>
        {
            Word callbacks = scene.Word("callbacks"), asleep = scene.Word("asleep"), wake = scene.Word("wake");
            for (int caller = 0; caller < 2; caller++)
            {
                scene.Thread($"caller{caller}", machine =>
                {
                    machine.Add(ref callbacks.Value, 1);
                    if (machine.Load(ref asleep.Value) != 0) machine.Store(ref wake.Value, 1);
                });
            }
            scene.Thread("reclaimer", machine =>
            {
                for (ulong done = 0; done < 2;)
                {
                    if (machine.Load(ref callbacks.Value) == 0)
                    {
                        if (raisesByExchange) machine.Exchange(ref asleep.Value, 1);
                        else machine.Store(ref asleep.Value, 1);
                        if (!looksAgain || machine.Load(ref callbacks.Value) == 0)
                        {
                            // An event that resets itself: who waits takes the signal, one that came before too.
                            Backoff backoff = new();
                            while (machine.Exchange(ref wake.Value, 0) == 0) machine.Relax(ref backoff);
                        }
                        machine.Store(ref asleep.Value, 0);
                        continue;
                    }
                    done += machine.Exchange(ref callbacks.Value, 0);
                }
            });
        });

    /// <summary><c>SpinBarrier</c>, two rounds: the generation is read before arriving.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // read afterwards, when the last may already have moved it on
    public void Nobody_is_left_in_the_barrier(bool readsFirst) => Expect(readsFirst, scene =>
    {
        Word arrived = scene.Word("arrived"), generation = scene.Word("generation");
        for (int thread = 0; thread < 2; thread++)
        {
            scene.Thread($"t{thread}", machine =>
            {
                for (int round = 0; round < 2; round++)
                {
                    ulong before = readsFirst ? machine.Load(ref generation.Value) : 0;
                    bool isLast = machine.Add(ref arrived.Value, 1) == 2;
                    if (!readsFirst) before = machine.Load(ref generation.Value);
                    if (isLast)
                    {
                        machine.Store(ref arrived.Value, 0);
                        machine.Store(ref generation.Value, before + 1);
                        continue;
                    }
                    Backoff backoff = new();
                    while (machine.Load(ref generation.Value) == before) machine.Relax(ref backoff);
                }
            });
        }
    });

    /// <summary><c>LentThread</c>: the borrower hands over work, joins, and hands over the next, while the thread serves. One
    /// monitor for both directions, so that a single pulse may wake the wrong one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the thread does not pulse when it is done
    public void A_lent_thread_and_its_borrower_wake_each_other(bool pulsesWhenDone) => Expect(pulsesWhenDone, scene =>
    {
        Word work = scene.Word("work"), done = scene.Word("done");
        Monitors monitor = new(scene, "lent", sleepersMax: 2);
        scene.Thread("borrower", machine =>
        {
            for (ulong item = 1; item <= 2; item++)
            {
                monitor.Enter(machine);
                machine.Store(ref work.Value, item);
                monitor.PulseAll(machine);
                while (machine.Load(ref work.Value) != 0) monitor.Wait(machine, 0);
                monitor.Exit(machine);
            }
        });
        scene.Thread("lent", machine =>
        {
            for (int item = 0; item < 2; item++)
            {
                monitor.Enter(machine);
                while (machine.Load(ref work.Value) == 0) monitor.Wait(machine, 1);
                monitor.Exit(machine);
                machine.Add(ref done.Value, 1);
                monitor.Enter(machine);
                machine.Store(ref work.Value, 0);
                if (pulsesWhenDone) monitor.PulseAll(machine);
                monitor.Exit(machine);
            }
        });
        scene.Check(() => done.Value == 2 ? null : $"{done.Value} pieces of work of 2");
    });

    /// <summary><c>WorkQueue</c>: an item is queued and flushed while the worker sleeps or not; then the queue ends.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the worker does not pulse when an item is finished
    public void A_flush_and_a_worker_wake_each_other(bool pulsesWhenFinished) => Expect(pulsesWhenFinished, scene =>
    {
        Word queued = scene.Word("queued"), running = scene.Word("running"), stop = scene.Word("stop");
        Monitors monitor = new(scene, "queue", sleepersMax: 2);
        scene.Thread("updater", machine =>
        {
            monitor.Enter(machine);
            machine.Store(ref queued.Value, 1);
            monitor.PulseAll(machine);
            monitor.Exit(machine);
            monitor.Enter(machine);
            while (machine.Load(ref queued.Value) != 0 || machine.Load(ref running.Value) != 0) monitor.Wait(machine, 0);
            machine.Store(ref stop.Value, 1);
            monitor.PulseAll(machine);
            monitor.Exit(machine);
        });
        scene.Thread("worker", machine =>
        {
            while (true)
            {
                monitor.Enter(machine);
                machine.Store(ref running.Value, 0);
                if (pulsesWhenFinished) monitor.PulseAll(machine);
                while (machine.Load(ref queued.Value) == 0 && machine.Load(ref stop.Value) == 0) monitor.Wait(machine, 1);
                bool isOver = machine.Load(ref queued.Value) == 0;
                machine.Store(ref queued.Value, 0);
                machine.Store(ref running.Value, isOver ? 0UL : 1);
                monitor.Exit(machine);
                if (isOver) return;
            }
        });
    });

    private static void Expect(bool isSound, Action<Scene> program)
    {
        ExploreResult result = Explore.Check(program, new ExploreSettings { Model = MemoryModel.Tso },
            cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.Verdict == (isSound ? Verdict.NothingFound : Verdict.Violated),
            $"{result.Verdict}, {result.Bound}, {result.Failure?.Finding}");
        if (isSound) Assert.True(result.IsComplete, result.Bound);
        else Assert.Contains(result.Failure!.Finding.Invariant, (string[])["lost wake-up", "deadlock"]);
    }

    /// <summary>The kernel's futex on a word: under a lock of its own it compares and puts to sleep, or wakes all that
    /// sleep.</summary>
    private sealed class Futex(Scene scene, string name, int sleepersMax)
    {
        private readonly SleepingLock _bucket = new($"{name} bucket");
        private readonly Word[] _asleep =
            [.. Enumerable.Range(0, sleepersMax).Select(sleeper => scene.Word($"{name} asleep{sleeper}"))];

        public void Wait(Explored machine, int own, Word word, ulong expected)
        {
            machine.Enter(_bucket);
            bool sleeps = machine.Load(ref word.Value) == expected;
            if (sleeps) machine.Store(ref _asleep[own].Value, 1);
            machine.Exit(_bucket);
            if (!sleeps) return;
            Backoff backoff = new();
            while (machine.Load(ref _asleep[own].Value) != 0) machine.Relax(ref backoff);
        }

        public void WakeAll(Explored machine)
        {
            machine.Enter(_bucket);
            foreach (Word sleeper in _asleep) machine.Store(ref sleeper.Value, 0);
            machine.Exit(_bucket);
        }
    }

    /// <summary>A managed monitor: who waits is entered among the sleepers before the lock is let go of.</summary>
    private sealed class Monitors(Scene scene, string name, int sleepersMax)
    {
        private readonly SleepingLock _lock = new(name);
        private readonly Word[] _asleep =
            [.. Enumerable.Range(0, sleepersMax).Select(sleeper => scene.Word($"{name} asleep{sleeper}"))];

        public void Enter(Explored machine) => machine.Enter(_lock);

        public void Exit(Explored machine) => machine.Exit(_lock);

        public void Wait(Explored machine, int own)
        {
            machine.Store(ref _asleep[own].Value, 1);
            machine.Exit(_lock);
            Backoff backoff = new();
            while (machine.Load(ref _asleep[own].Value) != 0) machine.Relax(ref backoff);
            machine.Enter(_lock);
        }

        public void PulseAll(Explored machine)
        {
            foreach (Word sleeper in _asleep) machine.Store(ref sleeper.Value, 0);
        }
    }
}
