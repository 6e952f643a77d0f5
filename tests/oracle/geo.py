"""Geo commands. Their sorted sets have keys of their own; sorted-set commands meet them through the common pool of keys."""
from grammar import pool, slot

pool('g', 4)
PLACES = [b'palermo', b'catania', b'rome', b'oslo', b'quito', b'null', b'pole', b'fiji', b'a', b'']


@slot
def slot_g_(self):
    return self._key('g')


@slot
def slot_gs(self):
    """A source that no other command writes to, for stores with a COUNT: which of several equally distant members make it under
    that is not defined, and only what was scored as a place has no equals."""
    return self.rng.choice([b'gs:0', b'gs:1'])


@slot
def slot_spot(self):
    return [b'%.6f' % self.rng.uniform(-30, 30), b'%.6f' % self.rng.uniform(20, 60)]


@slot
def slot_place(self):
    return self.rng.choice(PLACES)


@slot
def slot_lonlat(self):
    if self.rng.random() < 0.05:
        return self.rng.choice([[b'181', b'0'], [b'0', b'86'], [b'abc', b'1'], [b'nan', b'1'], [b'1', b''], [b'-180', b'-85.05112878'], [b'180', b'85.05112878']])
    if self.rng.random() < 0.6:
        return [b'%.6f' % (13 + self.rng.random() * 3), b'%.6f' % (37 + self.rng.random() * 2)]
    return [b'%.4f' % self.rng.uniform(-180, 180), b'%.4f' % self.rng.uniform(-85, 85)]


@slot
def slot_dist(self):
    if self.rng.random() < 0.05:
        return self.rng.choice([b'-1', b'abc', b'0', b'nan', b'1e400', b'inf', b''])
    return b'%d' % self.rng.choice([1, 50, 100, 200, 500, 3000, 20000])


@slot
def slot_unit(self):
    return self.rng.choice([b'm', b'km', b'km', b'km', b'mi', b'ft', b'KM', b'parsec'] if self.rng.random() < 0.2 else [b'km', b'mi'])


def rows(row):
    area = '{FROMMEMBER place|FROMLONLAT lonlat} {BYRADIUS dist unit|BYBOX dist dist unit}'
    options = '<[{ASC|DESC}] [COUNT cnt [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]>'
    plain = '<[{ASC|DESC}] [COUNT cnt [ANY]]>'
    return [
        row('GEOADD g_ <[{NX|XX}] [CH]> (lonlat place)+', 30), row('GEOADD g_ NX XX lonlat place', 1), row('GEODIST g_ place place [unit]', 12),
        row('GEOHASH g_ (place)+', 8), row('GEOPOS g_ (place)+', 8), row(f'GEOSEARCH g_ {area} {options}', 25, 'geo'),
        row('GEOADD gs spot place spot place spot place', 3, fixed=True), row('ZREM gs place', 1, fixed=True),
        row(f'GEOSEARCHSTORE g_ gs {area} <[{{ASC|DESC}}] [COUNT cnt [ANY]] [STOREDIST]>', 4, fixed=True),
        row(f'GEOSEARCHSTORE g_ g_ {area} <[{{ASC|DESC}}] [STOREDIST]>', 4),
        row(f'GEOSEARCH g_ {{{area} WITHDIST WITHFOO|FROMMEMBER place|BYRADIUS 1 km|{area} BYBOX 1 1 km}}', 2, 'geo'),
        row(f'GEORADIUS g_ lonlat dist unit {options}', 8, 'geo'), row(f'GEORADIUS_RO g_ lonlat dist unit {options}', 4, 'geo'),
        row(f'GEORADIUSBYMEMBER g_ place dist unit {options}', 8, 'geo'), row(f'GEORADIUSBYMEMBER_RO g_ place dist unit {options}', 4, 'geo'),
        row(f'GEORADIUS gs lonlat dist unit {plain} {{STORE|STOREDIST}} g_', 3, fixed=True), row(f'GEORADIUSBYMEMBER gs place dist unit {plain} {{STORE|STOREDIST}} g_', 3, fixed=True),
        row('GEORADIUS g_ lonlat dist unit [{ASC|DESC}] {STORE|STOREDIST} g_', 2), row('GEORADIUSBYMEMBER g_ place dist unit [{ASC|DESC}] {STORE|STOREDIST} g_', 2),
        row('GEORADIUS_RO g_ lonlat dist unit STORE g_', 1), row('ZREM g_ place', 2), row('ZRANGE g_ 0 -1 WITHSCORES', 3),
    ]
