using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Programs;

/// <summary>Locks, sound and broken. What a critical section protects is a word that loses an increment if two are
/// inside.</summary>
internal static class LockPrograms
{
    internal static Action<Scene> Peterson(int size, bool isFenced) => scene =>
    {
        Word[] flags = [scene.Word("flag0"), scene.Word("flag1")];
        Word turn = scene.Word("turn");
        Word counter = Counter(scene, 2 * size);
        for (int thread = 0; thread < 2; thread++)
        {
            int own = thread;
            int other = 1 - thread;
            scene.Thread($"t{own}", machine =>
            {
                for (int round = 0; round < size; round++)
                {
                    machine.Store(ref flags[own].Value, 1);
                    machine.Store(ref turn.Value, (ulong)other);
                    if (isFenced) machine.FullFence();
                    Backoff backoff = new();
                    while (machine.Load(ref flags[other].Value) == 1 && machine.Load(ref turn.Value) == (ulong)other)
                    {
                        machine.Relax(ref backoff);
                    }
                    Increment(machine, counter);
                    machine.Store(ref flags[own].Value, 0);
                }
            });
        }
    };

    /// <summary>Without Dekker's turn, so without waiting: a round in which the other's flag is up is given up.</summary>
    internal static Action<Scene> Dekker(int size, bool isFenced) => scene =>
    {
        Word[] flags = [scene.Word("flag0"), scene.Word("flag1")];
        Word counter = scene.Word("counter");
        ulong[] entered = new ulong[2];
        for (int thread = 0; thread < 2; thread++)
        {
            int own = thread;
            scene.Thread($"t{own}", machine =>
            {
                entered[own] = 0;
                for (int round = 0; round < size; round++)
                {
                    machine.Store(ref flags[own].Value, 1);
                    if (isFenced) machine.FullFence();
                    if (machine.Load(ref flags[1 - own].Value) == 0)
                    {
                        Increment(machine, counter);
                        entered[own]++;
                    }
                    machine.Store(ref flags[own].Value, 0);
                }
            });
        }
        scene.Check(() => counter.Value == entered[0] + entered[1] ? null
            : $"{entered[0] + entered[1]} increments, but the counter is {counter.Value}: both were inside");
    };

    internal static Action<Scene> TicketLockOf(int size) => scene =>
    {
        Word next = scene.Word("next");
        Word serving = scene.Word("serving");
        Word counter = Counter(scene, size);
        Threads(scene, size, machine =>
        {
            ulong ticket = machine.Add(ref next.Value, 1) - 1;
            Backoff backoff = new();
            while (machine.Load(ref serving.Value) != ticket) machine.Relax(ref backoff);
            Increment(machine, counter);
            machine.Store(ref serving.Value, ticket + 1);
        });
    };

    internal static Action<Scene> SpinLock(int size) => scene =>
    {
        Word taken = scene.Word("taken");
        Word counter = Counter(scene, size);
        Threads(scene, size, machine =>
        {
            Backoff backoff = new();
            while (machine.Exchange(ref taken.Value, 1) != 0) machine.Relax(ref backoff);
            Increment(machine, counter);
            machine.Store(ref taken.Value, 0);
        });
    };

    internal static Action<Scene> ReaderWriterLock(int size) => scene =>
    {
        MmuLock mmuLock = new();
        Word a = scene.Word("a");
        Word b = scene.Word("b");
        ulong[] seen = new ulong[2 * size];
        scene.Thread("writer", machine =>
        {
            machine.EnterExclusive(mmuLock);
            machine.Store(ref a.Value, 1);
            machine.Store(ref b.Value, 1);
            machine.ExitExclusive(mmuLock);
        });
        for (int reader = 0; reader < size; reader++)
        {
            int own = reader;
            scene.Thread($"reader{own}", machine =>
            {
                machine.EnterShared(mmuLock);
                seen[2 * own] = machine.Load(ref a.Value);
                seen[2 * own + 1] = machine.Load(ref b.Value);
                machine.ExitShared(mmuLock);
            });
        }
        scene.Check(() => Enumerable.Range(0, size).All(reader => seen[2 * reader] == seen[2 * reader + 1]) ? null
            : "a reader has seen half of the write");
    };

    internal static Action<Scene> Deadlock(int size) => scene =>
    {
        SleepingLock first = new("first");
        SleepingLock second = new("second");
        for (int thread = 0; thread < size; thread++)
        {
            (SleepingLock outer, SleepingLock inner) = thread == 1 ? (second, first) : (first, second);
            scene.Thread($"t{thread}", machine =>
            {
                machine.Enter(outer);
                machine.Enter(inner);
                machine.Exit(inner);
                machine.Exit(outer);
            });
        }
    };

    /// <summary>A word that every one of so many critical sections increments with a load and a store.</summary>
    private static Word Counter(Scene scene, int sections)
    {
        Word counter = scene.Word("counter");
        scene.Check(() => counter.Value == (ulong)sections ? null
            : $"{sections} increments, but the counter is {counter.Value}: two were inside at once");
        return counter;
    }

    private static void Increment(Explored machine, Word counter) =>
        machine.Store(ref counter.Value, machine.Load(ref counter.Value) + 1);

    private static void Threads(Scene scene, int count, Action<Explored> body)
    {
        for (int thread = 0; thread < count; thread++) scene.Thread($"t{thread}", body);
    }
}
