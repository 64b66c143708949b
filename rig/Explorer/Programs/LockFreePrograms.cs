using Lab.Mmu;

namespace Lab.Explorer.Programs;

/// <summary>Counts, stacks and messages without locks, sound and broken.</summary>
internal static class LockFreePrograms
{
    internal static Action<Scene> LostWakeup(int size) => scene =>
    {
        Word ready = scene.Word("ready");
        Word asleep = scene.Word("asleep");
        scene.Thread("sleeper", machine =>
        {
            if (machine.Load(ref ready.Value) != 0) return;
            machine.Exchange(ref asleep.Value, 1);
            Backoff backoff = new();
            while (machine.Load(ref asleep.Value) != 0) machine.Relax(ref backoff);
        });
        for (int waker = 0; waker < size; waker++)
        {
            scene.Thread($"waker{waker}", machine =>
            {
                machine.Exchange(ref ready.Value, 1);
                if (machine.Load(ref asleep.Value) != 0) machine.Store(ref asleep.Value, 0);
            });
        }
    };

    internal static Action<Scene> Refcount(int size, bool isSound) => scene =>
    {
        Word count = scene.Word("count", (ulong)size);
        Word freed = scene.Word("freed");
        for (int thread = 0; thread < size; thread++)
        {
            scene.Thread($"t{thread}", machine =>
            {
                ulong left = machine.Add(ref count.Value, unchecked(0UL - 1));
                if (!isSound) left = machine.Load(ref count.Value);
                if (left == 0) machine.Add(ref freed.Value, 1);
            });
        }
        scene.Check(() => freed.Value == 1 ? null : $"freed {freed.Value} times");
    };

    internal static Action<Scene> SeqLock(int size) => scene =>
    {
        Word sequence = scene.Word("sequence");
        Word a = scene.Word("a");
        Word b = scene.Word("b");
        ulong[] seen = new ulong[2 * size];
        scene.Thread("writer", machine =>
        {
            machine.Store(ref sequence.Value, 1);
            machine.Store(ref a.Value, 1);
            machine.Store(ref b.Value, 1);
            machine.Store(ref sequence.Value, 2);
        });
        for (int reader = 0; reader < size; reader++)
        {
            int own = reader;
            scene.Thread($"reader{own}", machine =>
            {
                (seen[2 * own], seen[2 * own + 1]) = (0, 0);
                ulong before = machine.Load(ref sequence.Value);
                ulong first = machine.Load(ref a.Value);
                ulong second = machine.Load(ref b.Value);
                if ((before & 1) == 0 && machine.Load(ref sequence.Value) == before)
                {
                    (seen[2 * own], seen[2 * own + 1]) = (first, second);
                }
            });
        }
        scene.Check(() => Enumerable.Range(0, size).All(reader => seen[2 * reader] == seen[2 * reader + 1]) ? null
            : "a reader has kept half of the write");
    };

    internal static Action<Scene> TreiberStack(int size) => scene =>
    {
        Word top = scene.Word("top");
        Word[] below = [.. Enumerable.Range(1, size).Select(node => scene.Word($"next{node}"))];
        ulong popped = 0;
        for (int thread = 0; thread < size; thread++)
        {
            int node = thread + 1;
            scene.Thread($"pusher{node}", machine =>
            {
                ulong seen = machine.Load(ref top.Value);
                while (true)
                {
                    machine.Store(ref below[node - 1].Value, seen);
                    ulong found = machine.CompareExchange(ref top.Value, (ulong)node, seen);
                    if (found == seen) return;
                    seen = found;
                }
            });
        }
        scene.Thread("popper", machine =>
        {
            popped = machine.Load(ref top.Value);
            while (popped != 0)
            {
                ulong found = machine.CompareExchange(ref top.Value, machine.Load(ref below[popped - 1].Value), popped);
                if (found == popped) return;
                popped = found;
            }
        });
        scene.Check(() =>
        {
            int nodes = popped == 0 ? 0 : 1;
            for (ulong node = top.Value; node != 0; node = below[node - 1].Value)
            {
                if (++nodes > size) return "the stack has more nodes than were pushed";
            }
            return nodes == size ? null : $"{size} nodes were pushed, {nodes} are left or popped";
        });
    };

    internal static Action<Scene> SpinPassing(int size) => scene =>
    {
        Word data = scene.Word("data");
        Word flag = scene.Word("flag");
        ulong[] seen = new ulong[size];
        scene.Thread("writer", machine =>
        {
            machine.Store(ref data.Value, 1);
            machine.Store(ref flag.Value, 1);
        });
        for (int reader = 0; reader < size; reader++)
        {
            int own = reader;
            scene.Thread($"reader{own}", machine =>
            {
                Backoff backoff = new();
                while (machine.Load(ref flag.Value) == 0) machine.Relax(ref backoff);
                seen[own] = machine.Load(ref data.Value);
            });
        }
        scene.Check(() => seen.All(value => value == 1) ? null : "a reader has seen the flag without the data");
    };
}
