namespace Lab.Application.Conformance;

/// <summary>Gives the roots of a trace their ordinals. Roots are counted as they are made; addresses are bound to ordinals when
/// they are first seen, oldest unbound root first. An address whose root was put for the last time may be that of the next root
/// that is made: the kernel uses memory again.</summary>
internal sealed class RootNames
{
    private readonly Dictionary<string, int> _headers = [];
    private readonly Dictionary<string, int> _tables = [];
    private readonly Dictionary<string, int> _loading = [];
    private readonly Dictionary<string, int> _zapping = [];
    private readonly HashSet<string> _freed = [];
    private int _made;
    private int _bound;

    public int? Newest => _made == 0 ? null : _made;

    /// <summary>A task made a root, which it will load next.</summary>
    public int Made(string task)
    {
        foreach (string header in _freed) _headers.Remove(header);
        _freed.Clear();
        return _loading[task] = ++_made;
    }

    /// <summary>A task loaded the root with that table. Without a table in the trace it is the newest: an older one is invalid
    /// and not given out.</summary>
    public int? Loaded(string task, string? table)
    {
        if (table is null) return Newest;
        if (_loading.Remove(task, out int made)) _tables[table] = made;
        return _tables.TryGetValue(table, out int root) ? root : null;
    }

    /// <summary>The root whose header has that address.</summary>
    public int? Named(string header)
    {
        if (_headers.TryGetValue(header, out int root)) return root;
        if (_bound == _made) return null;
        return _headers[header] = ++_bound;
    }

    /// <summary>The last reference of the root whose header has that address was put.</summary>
    public void Freed(string header) => _freed.Add(header);

    public void Zapping(string task, int root) => _zapping[task] = root;

    /// <summary>The root that the task last began to zap.</summary>
    public int? ZappedBy(string task) => _zapping.TryGetValue(task, out int root) ? root : null;
}
